"""Facts 938 to 953: Synq's domain events, as they are sent to webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from functools import cache
from typing import NamedTuple

from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import reference

from entrepot.testing.clients import Body, World, accepted
from entrepot.testing.receiver import Posted, Receiver
from entrepot.testing.server import eventually

facts = Facts("synq events")
PAGE = "page concepts/events"


class Heard(NamedTuple):
    """An organization whose events are sent to a receiver, and the webhook."""

    world: World
    receiver: Receiver
    webhook: Body

    def event(self, type_: str) -> Body:
        """The newest event of this type, once it has come."""

        def there() -> Body | None:
            found = [one.json() for one in list(self.receiver.posted)]
            return next((one for one in found[::-1] if one["event_type"] == type_), None)

        return eventually(there, f"{type_} has come", 30)


@cache
def heard(house: House) -> Heard:
    receiver = house.enter(Receiver())
    world = house.hooked
    body = {"url": f"{receiver.url}/synq", "format": "domain_event"}
    made: Body = accepted(world.native.send("POST", "/webhooks", body))
    item = {"product_title": "Mug", "unit_price": 12.5, "quantity": 2}
    order = world.synq_created(reference(), items=[item], currency="EUR")
    accepted(world.native.send("PATCH", f"/orders/{order['id']}", {"notes": "ring twice"}), 200)
    accepted(world.native.send("POST", f"/orders/{order['id']}/shipments", {}))
    accepted(world.synq.adjust(str(uuid.uuid4()), 3), 200)
    return Heard(world, receiver, made)


def signed_by(posted: Posted, secret: str) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    parts = (posted.headers["webhook-id"], posted.headers["webhook-timestamp"])
    signed = ".".join(parts).encode() + b"." + posted.body
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{digest}" in posted.headers["webhook-signature"].split(" ")


@facts(938, "event_id UUID, by which a repeat is known", PAGE)
@facts(940, "timestamp, UTC", PAGE)
@facts(945, "payload object", PAGE)
def _(house: House) -> None:
    told = heard(house).event("order.confirmed")
    assert str(uuid.UUID(told["event_id"])) == told["event_id"]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["timestamp"])
    assert told["payload"]["status"] == "confirmed"
    posted = [one for one in heard(house).receiver.posted if one.json() == told]
    assert {one.headers["webhook-id"] for one in posted} == {told["event_id"]}
    assert all(signed_by(one, heard(house).webhook["secret"]) for one in posted)


@facts(939, "event_type `domain.action`", PAGE)
def _(house: House) -> None:
    heard(house).event("inventory.adjusted")
    for one in list(heard(house).receiver.posted):
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", one.json()["event_type"])


IDS: list[tuple[object, ...]] = [("tenant_id",), ("org_id",), ("user_id",)]


@facts.each(941, IDS, "{} UUID", PAGE)
def _(house: House, member: str) -> None:
    told = heard(house).event("inventory.adjusted")
    assert str(uuid.UUID(told[member])) == told[member]
    headers = heard(house).world.synq.headers
    named = {"tenant_id": headers["X-Tenant-ID"], "org_id": headers["X-Org-ID"]}
    assert told[member] == named.get(member, told[member])


@facts(944, "role; SYSTEM and the all-zero user for automated work", "page concepts/events, code")
def _(house: House) -> None:
    told = heard(house).event("order.confirmed")
    assert (told["role"], uuid.UUID(told["user_id"]).int) == ("SYSTEM", 0)
    told = heard(house).event("inventory.adjusted")
    assert told["role"] == "ADMIN"
    assert uuid.UUID(told["user_id"]).int


@facts(946, "order.created", PAGE)
def _(house: House) -> None:
    payload = heard(house).event("order.created")["payload"]
    assert (payload["status"], payload["currency"]) == ("pending_payment", "EUR")
    assert payload["total"] == 25


@facts(947, "order.updated; order.confirmed and order.fulfilled", "page concepts/events, code")
def _(house: House) -> None:
    created = heard(house).event("order.created")["payload"]["id"]
    for type_, status in (("order.updated", None), ("order.fulfilled", "fulfilled")):
        payload = heard(house).event(type_)["payload"]
        assert payload["id"] == created
        assert status in (None, payload["status"])


@facts(948, "product.created", PAGE)
@facts(949, "product.updated", PAGE)
def _(house: House) -> None:
    native = heard(house).world.native
    variant = {"sku": uuid.uuid4().hex, "currency": "EUR", "price": "5"}
    made = accepted(native.send("POST", "/products", {"name": "Cup", "variants": [variant]}))
    accepted(native.send("PATCH", f"/products/{made['id']}", {"brand": "Acme"}), 200)

    def told() -> set[str]:
        found = [one.json() for one in list(heard(house).receiver.posted)]
        its = [one for one in found if one["payload"].get("id") == made["id"]]
        assert {one["payload"]["name"] for one in its} <= {"Cup"}
        return {one["event_type"] for one in its}

    both = {"product.created", "product.updated"}
    eventually(lambda: told() == both, "both events have come", 30)


@facts(950, "inventory.adjusted", PAGE)
def _(house: House) -> None:
    payload = heard(house).event("inventory.adjusted")["payload"]
    assert payload["delta"] == 3


@facts(952, "endpoints receive only their own tenant's events", PAGE)
def _(house: House) -> None:
    heard(house).event("inventory.adjusted")
    with house.neighbour_of(house.hooked) as other:
        entry = accepted(other.synq.adjust(str(uuid.uuid4()), 7), 200)["id"]
        accepted(house.hooked.synq.adjust(str(uuid.uuid4()), 8), 200)

        def came() -> bool:
            return heard(house).event("inventory.adjusted")["payload"]["delta"] == 8

        eventually(came, "the event after the neighbour's has come", 30)
        org = house.hooked.synq.headers["X-Org-ID"]
        told = [one.json() for one in heard(house).receiver.posted]
        assert {one["org_id"] for one in told} == {org}
        assert entry not in str(told)
        path = f"/webhooks/{heard(house).webhook['id']}"
        for method, where in (
            ("GET", path), ("PATCH", path), ("DELETE", path), ("GET", f"{path}/deliveries"),
        ):  # fmt: skip
            body = {"active": False} if method == "PATCH" else None
            assert other.native.send(method, where, body).status_code == 404
        assert accepted(other.native.send("GET", "/webhooks"), 200)["data"] == []


@facts(953, "delivery is retried automatically", PAGE)
def _(house: House) -> None:
    fails = [503, 503]
    with Receiver(lambda _: fails.pop() if fails else 204) as receiver:
        native = house.hooked.native
        body = {"url": receiver.url, "types": ["stock.adjusted"]}
        made = accepted(native.send("POST", "/webhooks", body))
        accepted(house.hooked.synq.adjust(str(uuid.uuid4()), 1), 200)
        path = f"/webhooks/{made['id']}/deliveries"

        def delivered() -> Body | None:
            found = accepted(native.send("GET", path), 200)["data"]
            return next((one for one in found if one["state"] == "delivered"), None)

        told = eventually(delivered, "the event is delivered", 30)
        assert (told["tries"], told["status"], told["error"]) == (3, 204, None)
        assert len({one.headers["webhook-id"] for one in receiver.posted}) == 1
        assert len(receiver.posted) == 3
        accepted(native.send("POST", f"{path}/{told['id']}/redeliver"), 202)
        eventually(lambda: len(receiver.posted) == 4, "the event is sent once more", 30)
        gone = accepted(native.send("DELETE", f"/webhooks/{made['id']}"), 200)
        assert (gone["state"], "secret" in gone) == ("removed", False)
        assert native.send("GET", f"/webhooks/{made['id']}").status_code == 404
