"""Questions to a book: every order in every dialect, lists with every filter, repeats."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from urllib.parse import quote

from tests.upgrade.stands import KONVO, PHASES, POLINATE, STATUSES, SYNQ, Body
from tests.upgrade.talking import REPLAYED, Request, Said, Talk

_PAGE = 100
_NAMED = 40
_PATHS = ("erp.number", "sage.n", "sage.list", "a.b", "unleashed.guid", "z", "absent")
_VALUES = (("a.b", "c"), ("erp.number", "E-17"), ("sage.n", "0"), ("absent", "1"))


def orders_of(talk: Talk, org: int) -> list[Body]:
    """Every order of an organization as Synq lists it, newest first."""
    found: list[Body] = []
    while True:
        path = f"{SYNQ}?limit={_PAGE}&offset={len(found)}"
        page = talk.ask(Request(org, "synq", "GET", path)).json["orders"]
        found += page
        if len(page) < _PAGE:
            return found


def _reading(org: int, order_id: str) -> Iterator[Request]:
    number = order_id.replace("-", "")
    yield Request(org, "synq", "GET", f"{SYNQ}/{order_id}")
    yield Request(org, "polinate", "GET", f"{POLINATE}/ord_{number}")
    yield Request(org, "konvo", "GET", f"{KONVO}/{order_id}")


def _by_name(org: int, orders: list[Body]) -> Iterator[Request]:
    """The same orders by the other ids and names that they have."""
    named = [one for one in orders if one["external_id"]]
    for one in named[:: max(1, len(named) // _NAMED)]:
        for name in (one["external_id"], one["order_number"]):
            asked = quote(name, safe="")
            yield Request(org, "synq", "GET", f"{SYNQ}/{asked}")
            yield Request(org, "polinate", "GET", f"{POLINATE}/{asked}")
            yield Request(org, "konvo", "GET", f"{KONVO}/{asked}")


def _synq_lists(org: int, count: int) -> Iterator[Request]:
    for offset in range(0, count + 1, _PAGE):
        yield Request(org, "synq", "GET", f"{SYNQ}?limit={_PAGE}&offset={offset}")
    for query in ("", "?limit=7&offset=31", "?limit=0", f"?offset={count + 5}"):
        yield Request(org, "synq", "GET", SYNQ + query)


def _polinate_lists(org: int, count: int, times: list[str]) -> Iterator[Request]:
    queries = [f"limit=100&page={page}" for page in range(1, count // 100 + 3)]
    queries += [f"phase={phase}" for phase in PHASES]
    queries += [f"status={status}&page={page}" for status in STATUSES for page in (1, 2)]
    queries += [f"phase={phase}&status={status}" for phase, status in product(PHASES, STATUSES)]
    for time in times:
        asked = quote(time)
        queries += [f"{name}={asked}" for name in ("createdSince", "updatedSince", "modifiedSince")]
        queries += [f"updatedSince={asked}&phase=ACTIVE&limit=5"]
    for path in _PATHS:
        queries += [f"propertyPath={path}&propertyExists={is_there}" for is_there in
                    ("true", "false")]  # fmt: skip
    queries += [f"propertyPath={path}&propertyValue={value}" for path, value in _VALUES]
    queries += ["phase=NONE", "propertyExists=true", "limit=101"]
    for query in queries:
        yield Request(org, "polinate", "GET", f"{POLINATE}?{query}")


def _konvo_lists(org: int, count: int, times: list[str]) -> Iterator[Request]:
    queries = [f"limit=200&page={page}" for page in range(1, count // 200 + 3)]
    names = ("created_at_min", "created_at_max", "updated_at_min", "updated_at_max")
    queries += [f"{name}={quote(time)}" for name, time in product(names, times)]
    queries += [f"created_at_min={quote(times[0])}&updated_at_max={quote(times[-1])}&limit=3",
                "created_at_max=2026", "limit=201"]  # fmt: skip
    for query in queries:
        yield Request(org, "konvo", "GET", f"{KONVO}?{query}")


def all_orders(talk: Talk) -> list[list[Body]]:
    """The orders of every organization, as `orders_of` finds them."""
    return [orders_of(talk, org) for org in range(len(talk.organizations))]


def of_orders(known: list[list[Body]]) -> Iterator[Request]:
    """Every order of all organizations, by its id in every dialect and by its other names."""
    for org, orders in enumerate(known):
        for one in orders:
            yield from _reading(org, one["id"])
        yield from _by_name(org, orders)
    yield Request(0, "synq", "GET", f"{SYNQ}/00000000-0000-4000-8000-000000000000")
    yield Request(0, "polinate", "GET", f"{POLINATE}/ord_nobody")
    yield Request(1, "konvo", "GET", f"{KONVO}/nobody")


def of_lists(known: list[list[Body]]) -> Iterator[Request]:
    """Every list of all organizations, with every filter, among them some that are refused."""
    for org, orders in enumerate(known):
        times = sorted(one["updated_at"] for one in orders)
        times = times[:: max(1, len(times) // 6)]
        yield from _synq_lists(org, len(orders))
        yield from _polinate_lists(org, len(orders), times)
        yield from _konvo_lists(org, len(orders), times)


def repeatable(kept: list[Request]) -> list[Request]:
    """The kept writes that a client may send again: those with a key, and what Konvo told last."""
    last = next(one for one in reversed(kept) if one.dialect == "konvo")
    keyed = [one for one in kept if one.key or (one.dialect == "synq" and one.body)]
    return [*keyed, last]


def asked(talk: Talk, requests: list[Request]) -> list[Said]:
    """The requests with their answers."""
    return [Said(one, talk.ask(one)) for one in requests]


def replayed(said: list[Said]) -> int:
    """How many of the answers are stored ones."""
    return sum(REPLAYED in one.answer.headers for one in said)
