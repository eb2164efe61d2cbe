"""Facts 839 to 863: Synq's audit."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import reference
from tests.contracts.facts.synq_members import email, invited

from entrepot.core.order import Event
from entrepot.edge.synq.audit import actions
from entrepot.testing.clients import Body, Synq, World, accepted
from entrepot.testing.server import eventually

facts = Facts("synq audit")
PAGE = "page api/audit"
LOGS = "page api/audit, guides/audit-logs"
PATH = "/api/v1/audit"


def audit(world: World) -> list[Body]:
    found: list[Body] = accepted(world.synq.get(PATH), 200)
    return found


def entry(world: World, action: str) -> Body:
    """The newest entry with this action, once there is one."""

    def there() -> Body | None:
        return next((one for one in audit(world) if one["action"] == action), None)

    return eventually(there, f"the audit has {action}")


def order(world: World, **changes: object) -> Body:
    item = {"product_title": "Mug", "unit_price": 12.5, "quantity": 2}
    return world.synq_created(reference(), items=[item], **changes)


@contextmanager
def member(house: House, world: World) -> Iterator[tuple[Synq, str]]:
    """A client of an editor who was invited, and the editor's address."""
    address = email()
    known = world.synq.headers
    credentials = {
        "token": invited(world, address)["token"], "tenant_id": known["X-Tenant-ID"],
        "org_id": known["X-Org-ID"], "location_id": world.synq.location_id,
    }  # fmt: skip
    with Synq(house.server.url, credentials) as client:
        yield client, address


@facts(839, "GET /api/v1/audit 200, a bare array", PAGE)
@facts(840, "newest first", PAGE)
@facts(841, "at most 50", PAGE)
def _(house: House) -> None:
    for _ in range(51):
        accepted(house.other.synq.adjust(house.world.variants[0]["id"], 1), 200)
    first = audit(house.other)
    assert (len(first), {one["action"] for one in first}) == (50, {"STOCK_ADJUSTED"})
    entry_id = accepted(house.other.synq.adjust(house.world.variants[0]["id"], 1), 200)["id"]
    second = audit(house.other)
    assert (second[0]["entity_id"], second[1:]) == (entry_id, first[:-1])
    times = [one["created_at"] for one in second]
    assert times == sorted(times, reverse=True)


@facts(842, "no parameters; read-only and immutable", PAGE)
def _(house: House) -> None:
    assert house.other.synq.get(PATH, limit=5).status_code == 400
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert house.other.synq.http.request(method, PATH, json={}).status_code == 405


@facts(843, "scoped to tenant and organization", PAGE)
def _(house: House) -> None:
    placed = order(house.other)
    assert placed["id"] in house.other.synq.get(PATH).text
    assert placed["id"] not in house.world.synq.get(PATH).text


@facts(844, "id UUID, the event's own", PAGE)
@facts(848, "entity_type, and entity_id UUID", PAGE)
@facts(850, "ip_address string", PAGE)
@facts(851, "created_at ISO 8601", PAGE)
def _(house: House) -> None:
    placed = order(house.other)
    found = audit(house.other)
    assert len({one["id"] for one in found}) == len(found)
    for one in found:
        for name in ("id", "entity_id"):
            assert str(uuid.UUID(one[name])) == one[name]
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", one["created_at"])
        assert one["ip_address"] == "", "addresses of the network are not kept"
    [told] = [one for one in found if one["entity_id"] == placed["id"]][-1:]
    assert (told["entity_type"], told["action"]) == ("ORDER", "ORDER_PLACED")


@facts(845, "actor_email: the user's e-mail", PAGE)
@facts(849, "details: an object", PAGE)
def _(house: House) -> None:
    with house.fresh() as world, member(house, world) as (client, address):
        accepted(client.adjust(str(uuid.uuid4()), 3), 200)
        told = entry(world, "STOCK_ADJUSTED")
        assert (told["actor_email"], told["details"]["delta"]) == (address, 3)
        accepted(world.synq.adjust(str(uuid.uuid4()), 3), 200)
        # A key that is no member's is told by its id.
        assert uuid.UUID(entry(world, "STOCK_ADJUSTED")["actor_email"])


@facts(846, "actor_email: `system` for automated work", PAGE)
@facts(847, "action", PAGE)
def _(house: House) -> None:
    with house.fresh() as world:
        order(world)
        told = entry(world, "ORDER_CONFIRMED")
        assert (told["actor_email"], told["entity_type"]) == ("system", "ORDER")


@facts(852, "ORDER_PLACED: order_number, total_amount, currency", "page guides/audit-logs")
@facts(857, "ORDER_PLACED", LOGS)
def _(house: House) -> None:
    with house.fresh() as world:
        placed = order(world, currency="EUR")
        details = entry(world, "ORDER_PLACED")["details"]
        assert details == {
            "order_number": placed["order_number"], "total_amount": 25.0, "currency": "EUR",
        }  # fmt: skip
        told = world.konvo_created()
        assert entry(world, "ORDER_PLACED")["entity_id"] == told["id"]


@facts(853, "PRODUCT_CREATED", LOGS)
@facts(854, "PRODUCT_UPDATED", LOGS)
@facts(855, "PRODUCT_DELETED", LOGS)
@facts(856, "PRODUCT_PRICE_CHANGED", LOGS)
def _(house: House) -> None:
    with house.fresh() as world:
        do = world.native.send
        variant = {"sku": "CUP", "currency": "EUR", "price": "5"}
        made = accepted(do("POST", "/products", {"name": "Cup", "variants": [variant]}))
        [one] = made["variants"]
        price = {"variants": {"change": [{"id": one["id"], "price": "6"}]}}
        for change in ({"brand": "Acme"}, price, price | {"brand": "B"}, {"status": "deleted"}):
            accepted(do("PATCH", f"/products/{made['id']}", change), 200)
        accepted(do("POST", "/variants", variant | {"name": "Cup"}))
        found = [one for one in audit(world) if one["entity_type"] == "PRODUCT"][::-1]
        assert [told["action"].removeprefix("PRODUCT_") for told in found] == [
            "CREATED", "UPDATED", "PRICE_CHANGED", "UPDATED", "DELETED", "CREATED",
        ]  # fmt: skip
        assert found[0]["entity_id"] == made["id"]


@facts(858, "ORDER_FULFILLED", LOGS)
@facts(859, "ORDER_CANCELLED", LOGS)
@facts(860, "ORDER_REFUNDED", LOGS)
def _(house: House) -> None:
    with house.fresh() as world:
        do = world.native.send
        placed = order(world)
        path = f"/orders/{placed['id']}"
        line = world.native.order(placed["id"])["lines"][0]["id"]
        part = {"lines": [{"line_id": line, "quantity": 1}]}
        accepted(do("POST", f"{path}/shipments", part))
        assert entry(world, "ORDER_PARTIALLY_FULFILLED")["entity_id"] == placed["id"]
        accepted(do("POST", f"{path}/shipments", {}))
        assert entry(world, "ORDER_FULFILLED")["entity_id"] == placed["id"]
        accepted(do("POST", f"{path}/captures", {}))
        entry(world, "PAYMENT_CAPTURED")
        accepted(do("POST", f"{path}/refunds", {"amount": "5.00"}))
        assert entry(world, "ORDER_REFUNDED")["entity_id"] == placed["id"]
        gone = order(world)
        accepted(do("POST", f"/orders/{gone['id']}/cancel", {}), 200)
        assert entry(world, "ORDER_CANCELLED")["entity_id"] == gone["id"]


@facts(861, "USER_INVITED", LOGS)
def _(house: House) -> None:
    with house.fresh() as world:
        address = email()
        uid = invited(world, address)["uid"]
        told = entry(world, "USER_INVITED")
        assert (told["entity_type"], told["entity_id"]) == ("USER", uid)
        assert told["details"] == {"email": address, "role": "EDITOR"}


@facts(862, "TENANT_SETTINGS_UPDATED", LOGS)
def _(house: House) -> None:
    with house.fresh() as world:
        body: dict[str, Any] = {
            "inventory_allocation_model": "SOFT", "auto_po_enabled": True,
            "default_low_stock_threshold": 3, "costing_method": "FIFO",
        }  # fmt: skip
        saved = accepted(world.synq.http.put("/api/v1/settings/tenant", json=body), 200)
        told = entry(world, "TENANT_SETTINGS_UPDATED")
        assert (told["entity_type"], told["entity_id"]) == ("TENANT_SETTINGS", saved["id"])
        assert told["details"] == body


@facts(863, "INTEGRATION_CONNECTED", LOGS, ours="connections come with Synq's integrations")
def _(_house: House) -> None:
    event = Event(
        1, b"c" * 16, 1, "integration.connected", 0, "synq", "{}", "commerce_connection", "key:k"
    )
    assert actions.action(event, {}) == "INTEGRATION_CONNECTED"
    assert actions.entity(event) == "COMMERCE_CONNECTION"
