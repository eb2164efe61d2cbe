"""Facts 801 to 821: Synq's integrations."""

from __future__ import annotations

import re
import uuid
from urllib.parse import parse_qsl, urlsplit

import httpx
from tests.contracts.facts import Facts, House
from tests.integration_service import WORKSPACE

from entrepot.testing.clients import Body, World, accepted, assert_envelope
from entrepot.testing.server import eventually

facts = Facts("synq integrations")
PAGE, GUIDE = "page api/integrations", "page guides/integrations"
PATH = "/api/v1/integrations"


def post(world: World, path: str, body: Body | None = None) -> httpx.Response:
    return world.synq.http.post(f"{PATH}/{path}", json=body)


def listed(world: World) -> list[Body]:
    found: list[Body] = accepted(world.synq.get(f"{PATH}/connections"), 200)["connections"]
    return found


def made(house: House, platform: str = "shopify", **body: object) -> Body:
    """A new connection, as it is listed."""
    name = house.integration_service.connection(platform)
    accepted(post(house.integrating, "callback", {"connection_id": name} | body))
    [found] = [one for one in listed(house.integrating) if one["unified_connection_id"] == name]
    return found


def refused(answer: httpx.Response, status: int, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


@facts(801, "POST /api/v1/integrations/auth-url 200 {auth_url}", PAGE)
@facts(802, "auth-url takes no body", PAGE)
@facts(803, "auth_url: {service}/integration/auth?category=commerce&state={tenant id}", PAGE)
@facts(804, "the tenant id is the OAuth state", GUIDE)
@facts(805, "auth_url has workspace_id as well", "code")
def _(house: House) -> None:
    found = accepted(post(house.integrating, "auth-url"), 200)
    assert list(found) == ["auth_url"]
    parts = urlsplit(found["auth_url"])
    assert f"{parts.scheme}://{parts.netloc}" == house.integration_service.url
    assert parts.path == "/integration/auth"
    tenant = house.integrating.synq.headers["X-Tenant-ID"]
    assert parse_qsl(parts.query) == [
        ("category", "commerce"), ("state", tenant), ("workspace_id", WORKSPACE),
    ]  # fmt: skip
    refused(post(house.world, "auth-url"), 500, "ENTREPOT_INTEGRATION_URL")


@facts(806, "POST /api/v1/integrations/callback 201", PAGE)
@facts(811, "the callback's answer has status success and a message", "code")
def _(house: House) -> None:
    name = house.integration_service.connection()
    answer = accepted(post(house.integrating, "callback", {"connection_id": name}), 201)
    assert answer == {"status": "success", "message": "shopify is connected"}


@facts(807, "connection_id is a required string", PAGE)
@facts(808, "a missing connection_id is 400", "code")
def _(house: House) -> None:
    for body in ({}, {"connection_id": ""}, {"connection_id": 7}, {"connection_id": None}):
        refused(post(house.integrating, "callback", dict(body)), 400, "connection_id")


@facts(809, "category is commerce by default, or accounting", PAGE)
def _(house: House) -> None:
    for told in ({}, {"category": ""}, {"category": "commerce"}, {"category": "accounting"}):
        assert made(house, **told)["status"] == "ACTIVE"
    body = {"connection_id": house.integration_service.connection(), "category": "crm"}
    refused(post(house.integrating, "callback", body), 400, "category")


@facts(810, "provider is in lower case: shopify, woocommerce, amazon", PAGE)
def _(house: House) -> None:
    assert made(house, "WooCommerce")["provider"] == "woocommerce"


@facts(812, "a provider that cannot be verified is 502", "code")
def _(house: House) -> None:
    for world in (house.integrating, house.world):
        body = {"connection_id": uuid.uuid4().hex, "provider": "shopify"}
        refused(post(world, "callback", body), 502, "connection_id")
        assert body["connection_id"] not in str(listed(world))


@facts(813, "the callback is an upsert on tenant and connection", "code")
def _(house: House) -> None:
    first = made(house)
    name = first["unified_connection_id"]
    house.integration_service.platforms[name] = "amazon"
    for _ in range(2):
        accepted(post(house.integrating, "callback", {"connection_id": name}))
    [now] = [one for one in listed(house.integrating) if one["unified_connection_id"] == name]
    assert (now["id"], now["provider"]) == (first["id"], "amazon")


@facts(814, "audit INTEGRATION_CONNECTED, entity COMMERCE_CONNECTION", "code")
def _(house: House) -> None:
    connection = made(house)
    entries = accepted(house.integrating.synq.get("/api/v1/audit"), 200)
    [told] = [one for one in entries if one["entity_id"] == connection["id"]]
    assert (told["action"], told["entity_type"]) == (
        "INTEGRATION_CONNECTED", "COMMERCE_CONNECTION",
    )  # fmt: skip
    assert told["details"]["provider"] == "shopify"


@facts(815, "provider of the body is a fallback outside of production; else it is looked up", GUIDE)
def _(house: House) -> None:
    assert made(house, "shopify", provider="amazon")["provider"] == "shopify"
    world, name = house.trusting_clients, uuid.uuid4().hex
    refused(post(world, "callback", {"connection_id": name}), 502, "connection_id")
    accepted(post(world, "callback", {"connection_id": name, "provider": "Amazon"}))
    assert [one["provider"] for one in listed(world)] == ["amazon"]


@facts(816, "GET /api/v1/integrations/connections 200 {connections}", PAGE)
@facts(817, "id, unified_connection_id, provider, status, created_at, updated_at", PAGE)
@facts(818, "status ACTIVE", GUIDE)
def _(house: House) -> None:
    connection = made(house)
    assert list(connection) == [
        "id", "unified_connection_id", "provider", "status", "created_at", "updated_at",
    ]  # fmt: skip
    assert str(uuid.UUID(connection["id"])) == connection["id"]
    assert connection["status"] == "ACTIVE"
    for member in ("created_at", "updated_at"):
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", connection[member])
    assert listed(house.world) == []


def product(house: House) -> str:
    """A new product, by its id."""
    variant = {"sku": uuid.uuid4().hex, "currency": "EUR", "price": "12.50"}
    body = {"name": "Cup", "variants": [variant]}
    made = accepted(house.integrating.native.send("POST", "/products", body))
    return str(uuid.UUID(made["id"]))


@facts(819, "POST /unified/sync/push/product 202 {status: queued}", "code")
@facts(820, "productId, and action UPSERT or DELETE", "code")
@facts(821, "a push goes to all active integrations", PAGE)
@facts(951, "integration.synced", "page concepts/events")
def _(house: House) -> None:
    """The audit says of each push what became of it. The path at the service is our choice."""
    connections = {made(house)["unified_connection_id"] for _ in "ab"}
    its, post = product(house), house.integrating.synq.http.post
    for action, method in (("UPSERT", "PUT"), ("DELETE", "DELETE")):
        answer = post("/unified/sync/push/product", json={"productId": its, "action": action})
        assert (answer.status_code, answer.json()) == (202, {"status": "queued"})

        def told(method: str = method) -> bool:
            found = house.integration_service.pushed(its)
            return connections <= {one[1].split("/")[2] for one in found if one[0] == method}

        eventually(told, f"both shops are told by {method}", 30)
    synced = "/v1/events?types=integration.synced&limit=200"

    def noted() -> bool:
        found = accepted(house.integrating.native.get(synced), 200)["data"]
        told = [one["body"] for one in found if one["body"]["product_id"] == its]
        return {(one["connection_id"], one["action"]) for one in told} >= {
            (name, action) for name in connections for action in ("UPSERT", "DELETE")
        }

    eventually(noted, "the log says that both shops were told", 30)
    wrong = post("/unified/sync/push/product", json={"productId": its, "action": "MOVE"})
    assert wrong.status_code == 400
    unset = house.world.synq.http.post(
        "/unified/sync/push/product", json={"productId": its, "action": "UPSERT"}
    )
    assert (unset.status_code, "ENTREPOT_INTEGRATION_URL" in unset.text) == (500, True)
