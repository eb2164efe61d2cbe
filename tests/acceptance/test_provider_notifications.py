"""Stripe's notifications at a running server: taken once, for the organization that they are of."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import stripe
from tests.providers.vendor import Answer, Vendor

from entrepot.testing.clients import World, accepted, neighbour, speaking
from entrepot.testing.server import Server, eventually, sqlite_url

SECRETS = {"Demo": "whsec_of_demo", "Other": "whsec_of_other"}
KEYS = base64.b64encode(b"k" * 32).decode()
PROBLEM = "application/problem+json"
COUNT = "SELECT count(*) FROM provider_notices"


class Town(NamedTuple):
    """A server with two organizations that have accounts at one Stripe."""

    server: Server
    world: World
    stripe: Vendor
    ids: dict[str, str]  # the organizations' ids by name

    def send(
        self, body: Any, *, signed_for: str = "Demo", path_of: str = "Demo", **more: Any
    ) -> httpx.Response:
        text = body if isinstance(body, str) else json.dumps(body)
        header = stripe.WebhookSignature.generate_signature_header(text, SECRETS[signed_for])
        sent = {"Content-Type": "application/json", "Stripe-Signature": header, **more}
        path = f"/v1/providers/stripe/{self.ids.get(path_of, path_of)}/notifications"
        return httpx.post(self.server.url + path, content=text, headers=sent)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("town")
    env = {"ENTREPOT_SEAL_KEYS": KEYS, "ENTREPOT_LOG_LEVEL": "debug"}
    with (
        Vendor(intent("processing")) as vendor,
        Server(sqlite_url(folder), folder, env=env) as server,
        speaking(server) as world,
        neighbour(server, "Other"),
    ):
        listed = json.loads(server.command("org", "list", "--json"))
        ids = {one["name"]: one["id"] for one in listed}
        ids["Demo"] = server.credentials["synq"]["org_id"]
        for name, secret in SECRETS.items():
            file = folder / "stripe.toml"
            file.write_text(f'api_key = "sk_of_{name}"\nwebhook_secret = "{secret}"\n')
            words = ("--from", str(file), "--base-url", vendor.url)
            server.command("provider", "add", ids[name], "stripe", *words)
        yield Town(server, world, vendor, ids)
        server.verify()


def event(id_: str, reference: str = "pi_1") -> dict[str, Any]:
    about = {"id": reference, "object": "payment_intent", "metadata": {}}
    return {"id": id_, "object": "event", "type": "payment_intent.x", "data": {"object": about}}


def intent(status: str) -> Answer:
    return Answer(200, {
        "id": "pi_1", "object": "payment_intent", "status": status, "amount": 3985,
        "amount_received": 0, "currency": "eur", "metadata": {}, "latest_charge": None,
        "last_payment_error": None, "cancellation_reason": None, "created": 1,
    })  # fmt: skip


def test_a_notification_confirms_the_order_that_waits_for_it(town: Town) -> None:
    placed = accepted(town.world.synq.create(town.world.synq_order("pi_1")))
    running = "SELECT count(*) FROM payment_operations WHERE state = 'running'"
    eventually(lambda: town.server.number(running) == 1, "Stripe has the payment")
    town.stripe.script = [intent("requires_capture")]
    answer = town.send(event("evt_1"))
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert town.world.synq.until(placed["order_id"])["status"] == "confirmed"
    assert {one.headers["authorization"] for one in town.stripe.asked} == {"Bearer sk_of_Demo"}
    assert town.server.number(COUNT) == 1


def test_a_repeat_is_taken_and_does_nothing(town: Town) -> None:
    assert town.send(event("evt_2")).status_code == 200
    before = town.server.number(COUNT)
    assert town.send(event("evt_2")).json() == {"received": True}
    assert town.server.number(COUNT) == before


@pytest.mark.parametrize(
    "sent",
    [
        {"signed_for": "Other"},  # another tenant's signature at this one's path
        {"path_of": "Other"},  # and the other way round
        {"path_of": "01a224c5-bb8b-72b2-9716-fcae3b24720a"},
        {"path_of": "Demo-Shop"},
        {"Stripe-Signature": "t=1,v1=00"},
    ],
)
def test_a_forged_notification_is_400_and_leaves_no_trace(town: Town, sent: dict[str, str]) -> None:
    before = town.server.number(COUNT)
    answer = town.send(event("evt_forged"), **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert answer.json()["detail"].startswith("This is no notification that the provider has")
    assert town.server.number(COUNT) == before


def test_what_is_no_notification_is_refused(town: Town) -> None:
    path = f"{town.server.url}/v1/providers/{{}}/{town.ids['Demo']}/notifications"
    json_ = {"Content-Type": "application/json"}
    assert httpx.post(path.format("square"), content=b"{}", headers=json_).status_code == 400
    assert httpx.post(path.format("stripe"), content=b"\xff", headers=json_).status_code == 400
    assert httpx.post(path.format("stripe"), content=b"{}").status_code == 400
    assert httpx.get(path.format("stripe")).status_code == 405
    big = b" " * (257 * 1024)
    assert httpx.post(path.format("stripe"), content=big, headers=json_).status_code == 413


def test_a_body_that_is_nested_without_end_is_forged(town: Town, tmp_path: Path) -> None:
    """Adyen signs within the body, so that anybody may have the body read."""
    file = tmp_path / "adyen.toml"
    file.write_text('api_key = "k"\nmerchant_account = "Demo"\nhmac_key = "00"\n')
    town.server.command("provider", "add", town.ids["Demo"], "adyen", "--from", str(file))
    deep = "[" * 100_000
    adyen = f"{town.server.url}/v1/providers/adyen/{town.ids['Demo']}/notifications"
    sent = {"Content-Type": "application/json"}
    for answer in (httpx.post(adyen, content=deep, headers=sent), town.send(deep)):
        assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert "notification.failed" not in town.server.output()


def test_what_was_taken_and_forged_is_counted(town: Town) -> None:
    told = httpx.get(f"{town.server.url}/metrics").text
    for provider, outcome in (("stripe", "taken"), ("stripe", "repeated"), ("stripe", "forged"),
                              ("unknown", "forged")):  # fmt: skip
        series = f'entrepot_provider_notifications_total{{outcome="{outcome}",provider="{provider}"'
        assert series in told, series


def test_no_secret_is_logged(town: Town) -> None:
    for secret in (*SECRETS.values(), "sk_of_Demo", "sk_of_Other", KEYS):
        assert secret not in town.server.output()
