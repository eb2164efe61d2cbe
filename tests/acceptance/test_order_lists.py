"""The lists of orders: every filter, every exclusion, and the pages."""

from __future__ import annotations

import uuid

import pytest

from entrepot.testing.clients import (
    KONVO_ORDERS,
    POLINATE_ORDERS,
    SYNQ_ORDERS,
    Body,
    World,
    accepted,
    assert_envelope,
    order_number,
)


@pytest.fixture(scope="module")
def shelf(world: World) -> list[Body]:
    """Five Polinate orders that differ in phase, status and properties, oldest first."""
    mark = {"shelf": {"run": uuid.uuid4().hex}}
    tellings: list[tuple[Body, Body]] = [
        ({"sage": {"salesOrderNo": 456}}, {}),
        ({"sage": {"salesOrderNo": "456"}}, {"status": "ACCEPTED"}),
        ({"sage": {"salesOrderNo": None}}, {"status": "ACCEPTED"}),
        ({"sage": {}}, {"phase": "CANCELLED"}),
        ({}, {"status": "PACKED"}),
    ]
    ids = []
    for properties, change in tellings:
        order = world.polinate.create(world.polinate_order([3], properties=properties | mark))
        world.synq.until(str(uuid.UUID(order_number(order["id"]))))
        if change:
            accepted(world.polinate.patch(order["id"], {"order": change}), 200)
        ids.append(order["id"])
    return [world.polinate.order(order_id) for order_id in ids]


def listed(world: World, **query: str | int) -> set[str]:
    page = accepted(world.polinate.get(POLINATE_ORDERS, limit=100, **query), 200)
    assert page["total"] == len(page["items"]) <= 100, "the test's orders fit on one page"
    return {order["id"] for order in page["items"]}


PATH = "sage.salesOrderNo"


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"phase": "CANCELLED"}, [3]),
        ({"phase": "ACTIVE"}, [0, 1, 2, 4]),
        ({"status": "ACCEPTED"}, [0, 1, 2, 3]),
        ({"status": "PACKED"}, [4]),
        # Confirmed orders are accepted without a word from anybody.
        ({"phase": "ACTIVE", "status": "ACCEPTED"}, [0, 1, 2]),
        ({"propertyPath": PATH, "propertyExists": "true"}, [0, 1, 2]),
        ({"propertyPath": PATH, "propertyExists": "false"}, [3, 4]),
        ({"propertyPath": "sage", "propertyExists": "true"}, [0, 1, 2, 3]),
        ({"propertyPath": PATH, "propertyValue": "456"}, [0, 1]),
        ({"propertyPath": PATH, "propertyValue": "45"}, []),
        (
            {
                "phase": "ACTIVE",
                "status": "ACCEPTED",
                "propertyPath": "sage.invoiceNo",
                "propertyExists": "false",
            },
            [0, 1, 2],
        ),
    ],
)
def test_the_polinate_list_filters(
    query: dict[str, str], places: list[int], shelf: list[Body], world: World
) -> None:
    ours = {order["id"] for order in shelf}
    assert listed(world, **query) & ours == {shelf[place]["id"] for place in places}


def test_the_polinate_times_are_strict(shelf: list[Body], world: World) -> None:
    ours = {order["id"] for order in shelf}
    for pivot in shelf:
        made, moved = pivot["createdAt"], pivot["updatedAt"]
        for query, wanted in (
            ({"createdSince": made}, [o for o in shelf if o["createdAt"] > made]),
            ({"updatedSince": moved}, [o for o in shelf if o["updatedAt"] > moved]),
            (
                {"createdSince": made, "updatedSince": moved},
                [o for o in shelf if o["createdAt"] > made and o["updatedAt"] > moved],
            ),
            (
                {"modifiedSince": moved},
                [o for o in shelf if o["createdAt"] > moved or o["updatedAt"] > moved],
            ),
        ):
            assert listed(world, **query) & ours == {o["id"] for o in wanted}, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"modifiedSince": "2024-01-01T00:00:00Z", "createdSince": "2024-01-01T00:00:00Z"}, "modi"),
        ({"modifiedSince": "2024-01-01T00:00:00Z", "updatedSince": "2024-01-01T00:00:00Z"}, "modi"),
        ({"propertyPath": "a.b", "propertyValue": "1", "propertyExists": "true"}, "property"),
        ({"propertyValue": "1"}, "propertyPath"),
        ({"propertyExists": "true"}, "propertyPath"),
        ({"propertyPath": "a", "propertyExists": "maybe"}, "propertyExists"),
        ({"createdSince": "yesterday"}, "createdSince"),
        ({"updatedSince": "2024-13-01T00:00:00Z"}, "updatedSince"),
        ({"phase": "LIVE"}, "phase"),
        ({"status": "packed"}, "status"),
        ({"page": "0"}, "page"),
        ({"page": "-1"}, "page"),
        ({"page": "x"}, "page"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "1.5"}, "limit"),
    ],
)
def test_the_polinate_exclusions(query: dict[str, str], field: str, world: World) -> None:
    answer = world.polinate.get(POLINATE_ORDERS, **query)
    assert answer.status_code == 400
    assert_envelope("polinate", answer, field)
    assert answer.json()["fieldErrors"]


def test_the_polinate_pages(shelf: list[Body], world: World) -> None:
    default = accepted(world.polinate.get(POLINATE_ORDERS), 200)
    assert (default["page"], default["pageSize"]) == (1, 20)
    pages = [
        accepted(world.polinate.get(POLINATE_ORDERS, page=page, limit=2), 200) for page in (1, 2)
    ]
    ids = [order["id"] for page in pages for order in page["items"]]
    assert len(set(ids)) == 4
    assert ids == [order["id"] for order in default["items"][:4]]
    made = [order["createdAt"] for order in default["items"]]
    assert made == sorted(made, reverse=True)
    far = accepted(world.polinate.get(POLINATE_ORDERS, page=10_000), 200)
    assert (far["items"], far["total"]) == ([], default["total"])


def test_the_konvo_list_filters(world: World) -> None:
    for _ in range(3):
        world.konvo_created()
    everything = accepted(world.konvo.get(KONVO_ORDERS, limit=200), 200)
    orders = everything["result"]
    assert everything["count"] == len(orders)
    for pivot in orders[:4]:
        for bound, member in (("created_at", "createdAt"), ("updated_at", "updatedAt")):
            since = accepted(
                world.konvo.get(KONVO_ORDERS, limit=200, **{f"{bound}_min": pivot[member]}), 200
            )
            until = accepted(
                world.konvo.get(KONVO_ORDERS, limit=200, **{f"{bound}_max": pivot[member]}), 200
            )
            later = {o["id"] for o in orders if o[member] >= pivot[member]}
            earlier = {o["id"] for o in orders if o[member] <= pivot[member]}
            assert {o["id"] for o in since["result"]} == later
            assert {o["id"] for o in until["result"]} == earlier
    page = accepted(world.konvo.get(KONVO_ORDERS, page=2, limit=2), 200)
    assert [o["id"] for o in page["result"]] == [o["id"] for o in orders[2:4]]
    assert page["count"] == everything["count"]
    assert world.konvo.get(KONVO_ORDERS, limit=5000).status_code == 400
    for query in ({"created_at_min": "soon"}, {"page": "x"}, {"limit": "-1"}):
        answer = world.konvo.get(KONVO_ORDERS, **query)
        assert answer.status_code == 400
        assert_envelope("konvo", answer, next(iter(query)))


@pytest.mark.parametrize(
    ("query", "used"),
    [({}, (50, 0)), ({"limit": 500}, (100, 0)), ({"limit": 7, "offset": 10**6}, (7, 10**6))],
)
def test_the_synq_page(query: dict[str, int], used: tuple[int, int], world: World) -> None:
    page = accepted(world.synq.get(SYNQ_ORDERS, **query), 200)
    assert (page["limit"], page["offset"]) == used
    assert isinstance(page["orders"], list)


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "-1"}, {"limit": "x"}, {"offset": "-1"}, {"offset": "1.5"}]
)
def test_the_synq_page_refuses(query: dict[str, str], world: World) -> None:
    answer = world.synq.get(SYNQ_ORDERS, **query)
    assert answer.status_code == 400
    assert_envelope("synq", answer, next(iter(query)))
