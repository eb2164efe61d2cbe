"""An order source's template, its header, the address of an order in it, and what it answers."""

from __future__ import annotations

import re
import socket
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.local_http import LocalHttp

from entrepot.pipeline.order_source import (
    Unanswered,
    Unaskable,
    address,
    header_fault,
    template_fault,
)
from entrepot.pipeline.source_client import SourceClient

GOOD = [
    "http://src/o/{orderId}", "https://src.example:8443/o/{orderId}?b={businessId}",
    "http://127.0.0.1:9/{orderId}", "http://[::1]:9/{orderId}", "http://src/o?id={orderId}",
    "http://src/{businessId}/o-{orderId}.json", "http://src/a.b/..c/{orderId}",
]  # fmt: skip
BAD = [
    "", "src/{orderId}", "ftp://src/{orderId}", "file:///{orderId}", "http:///{orderId}",
    "http:{orderId}", "http://src/", "http://src/{orderid}", "http://src/{orderId}{x}",
    "http://src/{orderId}}", "http://{orderId}/", "http://{orderId}.evil.example/x",
    "http://src{orderId}/x", "http://src:{orderId}/x", "http://{orderId}@src/", "http://u:p@src/{orderId}",
    "http://{businessId}.src/{orderId}", "http://src/#{orderId}", "http://src/{orderId}#x",
    "http://x y/{orderId}", "http://src/a b/{orderId}", "http://src/{orderId}\r\nX: y",
    "http://src/{orderId}\n", "http://src\\@evil/{orderId}", "http://src/../{orderId}",
    "http://src/{orderId}/..", "http://src/%2e%2E/{orderId}", "http://src/./{orderId}",
    "http://src:0/{orderId}", "http://src:65536/{orderId}", "http://src:port/{orderId}",
    "http://sr\u00e7/{orderId}", "HTTP://src/{orderId}", " http://src/{orderId}",
]  # fmt: skip


@pytest.mark.parametrize("template", GOOD)
def test_a_template_that_can_be_asked(template: str) -> None:
    assert template_fault(template) is None
    httpx.URL(address(template, "ord_123", "bus_1"))


@pytest.mark.parametrize("template", BAD)
def test_a_template_that_cannot(template: str) -> None:
    assert template_fault(template)
    with pytest.raises(Unaskable):
        address(template, "ord_123", "bus_1")


@pytest.mark.parametrize("header", ["X-Key: secret", "Authorization: Bearer a b", "X:", "X-Y:\tz"])
def test_a_header_that_can_be_sent(header: str) -> None:
    assert header_fault(header) is None


@pytest.mark.parametrize(
    "header",
    [
        "", "x", ": y", "X Y: z", "X: a\r\nY: b", "X: a\n", "X\r\n: a", "X: \u00e9", "X: a\x00",
        "Host: evil", "host: evil", "Content-Length: 5", "Transfer-Encoding: chunked",
        "Accept-Encoding: gzip",
    ],
)  # fmt: skip
def test_a_header_that_cannot(header: str) -> None:
    assert header_fault(header)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("http://src/o/{orderId}", "."), ("http://src/o/{orderId}", ".."),
        ("http://src/o/.{orderId}", "."), ("http://src/o/{orderId}{orderId}", "."),
        ("http://src/{orderId}/x", ".."), ("http://src/o/{orderId}", "\ud800"),
    ],
)  # fmt: skip
def test_an_id_that_is_no_segment(template: str, text: str) -> None:
    with pytest.raises(Unaskable):
        address(template, text, "bus_1")


@given(st.text(max_size=20) | st.text("./\\%?#@:&=;2eE{}[]", max_size=8), st.sampled_from(GOOD))
def test_whatever_an_id_is_it_fills_its_place_and_no_more(text: str, template: str) -> None:
    try:
        url = httpx.URL(address(template, text, "bus_1"))
    except Unaskable:
        return
    plain = httpx.URL(address(template, "PLACE", "bus_1"))
    assert (url.scheme, url.host, url.port) == (plain.scheme, plain.host, plain.port)
    raw, shape = url.raw_path.decode(), plain.raw_path.decode()
    found = re.fullmatch(re.escape(shape).replace("PLACE", "([^/?&#]*)"), raw)
    assert found, (raw, shape)
    assert unquote(found[1]) == text


async def test_a_source_that_is_not_reached_is_told_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = SourceClient()
        with pytest.raises(Unanswered, match=r"^Connection refused$"):
            await client.ask(f"http://127.0.0.1:{taken.getsockname()[1]}/", None)
        await client.close()


@pytest.mark.parametrize(
    ("told", "wait"), [("120", 120.0), ("Tue, 14 Nov 2023 22:14:20 GMT", 0.0), ("soon", 0.0)]
)
async def test_a_source_says_when_to_come_again(told: str, wait: float) -> None:
    with LocalHttp(lambda _path, _headers: (503, b"", {"Retry-After": told})) as source:
        client = SourceClient()
        answer = await client.ask(f"{source.url}/", None)
        await client.close()
    assert (answer.status, answer.retry_after) == (503, wait)
