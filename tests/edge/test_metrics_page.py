"""The figures of all organizations are told where, and to whom, the operator wants."""

from __future__ import annotations

import socket
from typing import Any
from urllib.request import urlopen

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from tests.edge.serving import without_a_book

from entrepot import pages, telemetry
from entrepot.cli.serve import _metrics_told
from entrepot.cli.session import OperatorError
from entrepot.core.refusal import Reason, Refusal, Refused
from entrepot.edge.app import build_app
from entrepot.settings import Settings, SettingsError, load

TOKEN = "a-token-of-the-monitoring"


class Tries:
    def __init__(self) -> None:
        self.wrong = self
        self.addresses: list[str] = []
        self.too_many = False

    async def tried(self, dialect: str, address: str) -> None:
        assert dialect == "metrics"
        self.addresses.append(address)
        if self.too_many:
            raise Refused(Refusal(Reason.RATE_LIMITED, retry_after=4.2))


async def asked(tries: Tries, headers: dict[str, str], token: str = TOKEN) -> httpx.Response:
    services = without_a_book(tries)
    listed = pages.pages(None, Settings())  # type: ignore[arg-type]
    tokens = {"/metrics": token} if token else {}
    app: Any = build_app(services, [], listed, lambda: "r", tokens=tokens)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://test"
    ) as client:
        assert (await client.get("/health/live")).status_code == 200
        return await client.get("/metrics", headers=headers)


@pytest.mark.parametrize("sent", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
async def test_the_token_opens_the_page(sent: str) -> None:
    tries = Tries()
    answer = await asked(tries, {"authorization": sent})
    assert answer.status_code == 200
    assert "entrepot_requests" in answer.text
    assert tries.addresses == []


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer x", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"]
)
async def test_without_the_token_nothing_is_told(sent: str | None) -> None:
    tries = Tries()
    answer = await asked(tries, {} if sent is None else {"authorization": sent})
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert len(tries.addresses) == bool(sent)


async def test_who_tries_too_often_has_to_come_back() -> None:
    tries = Tries()
    tries.too_many = True
    answer = await asked(tries, {"authorization": "Bearer x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")


async def test_without_a_token_in_the_settings_the_page_is_open() -> None:
    assert (await asked(Tries(), {}, token="")).status_code == 200


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_at_their_own_address_the_figures_are_told_and_the_page_is_gone() -> None:
    address = f"127.0.0.1:{free_port()}"
    with _metrics_told(address), urlopen(f"http://{address}/metrics") as answer:
        assert b"entrepot_requests" in answer.read()
    chosen = Settings(metrics_address=address)
    assert "/metrics" not in pages.pages(None, chosen)  # type: ignore[arg-type]
    assert "/metrics" in pages.pages(None, Settings())  # type: ignore[arg-type]


def test_an_address_that_cannot_be_had_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            pytest.raises(OperatorError, match="cannot serve the metrics on"),
            _metrics_told(address),
        ):
            pass
    with pytest.raises(OperatorError), _metrics_told("127.0.0.1:99999"):
        pass


@pytest.mark.parametrize("address", ["9090", "localhost", "a b:1", ":9090", "http://a:1", "::1:9"])
def test_an_address_that_is_none_is_a_fault(address: str) -> None:
    with pytest.raises(SettingsError, match="METRICS_ADDRESS"):
        load({"ENTREPOT_METRICS_ADDRESS": address})


def test_what_is_served_is_what_is_told() -> None:
    port = free_port()
    end = telemetry.serve_exposition("127.0.0.1", port)
    try:
        with urlopen(f"http://127.0.0.1:{port}/") as answer:
            names = {line.split()[2] for line in answer.read().splitlines() if b"# HELP" in line}
        told = {
            line.split()[2] for line in telemetry.exposition().splitlines() if b"# HELP" in line
        }
        assert told == names
    finally:
        end()


@given(st.lists(st.sampled_from((0.0, 0.5, 1.0, 1.5, 2.0, 9.0, -1.0)), max_size=20))
def test_what_times_every_order_counts_as_observing_does(seconds: list[float]) -> None:
    registry = CollectorRegistry()
    slow, quick = (
        Histogram(name, "seconds", ["operation"], buckets=(0.5, 1.0, 2.0), registry=registry)
        for name in ("slow", "quick")
    )
    time_by = telemetry.observing(quick.labels("void"))
    observe = slow.labels("void").observe
    for one in seconds:
        observe(one)
        time_by(one)

    def told(histogram: Histogram) -> list[Any]:
        [metric] = histogram.collect()
        return [
            (sample.name.partition("_")[2], sample.labels, sample.value)
            for sample in metric.samples
            if not sample.name.endswith("_created")
        ]

    assert told(quick) == told(slow)
