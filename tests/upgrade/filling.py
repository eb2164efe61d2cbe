"""The life of an old book: rounds of orders, at rest, under way, waiting and parked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from tests.upgrade.old_server import DAY, Old, until
from tests.upgrade.source import GARBLED, MISSING, Source, names
from tests.upgrade.stands import PARCELS, POLINATE, ROADS, SYNQ, Stands
from tests.upgrade.talking import Request, Talk

# Days before now at which the rounds were made, the oldest first; then what is not at rest.
_YEARS = (-400, -90)
_UNREST = -2
_WAITING = "PENDING"
_FATES = ("pi_cancel", "pending-void", "pending-park", "pending", "flaky-40", "unknown-40")
_ANNOUNCED = "nobody_knows_{mark}"
LAST_TELLING = 10  # orders that Konvo told last, so that telling them again changes nothing


def fill(old: Old, rounds: int) -> None:
    """Live through the life of a book with so many rounds of about 200 orders."""
    old.found_organization("demo", shift=_YEARS[0] * DAY)
    old.found_organization("org", "create", "Neighbour", shift=_YEARS[0] * DAY)
    old.command("org", "allocation", "Neighbour", "SOFT", shift=_YEARS[0] * DAY)
    with Source() as source:
        old.command("org", "source", "Demo", "--url", source.template, "--header", "X-Shop: 1")
        for years, days in enumerate(_YEARS):
            with old.serving(shift=days * DAY) as talk:
                _at_once(rounds, lambda n, y=years, t=talk: _at_rest(t, y, n))
                _neighbour(talk, years)
                until(lambda t=talk: _settled(t), "the year's orders are settled", 1_800)
            if years == 0:
                _archived(old)
        to_cancel = _under_way(old, rounds)
    old.command("org", "source", "Demo")
    with old.serving(shift=_UNREST * DAY, role="api") as talk:
        _left_waiting(talk, to_cancel)


def _at_once(rounds: int, do: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(min(rounds, 4)) as pool:
        list(pool.map(do, range(rounds)))


def _at_rest(talk: Talk, years: int, number: int) -> None:
    """A round of orders of all dialects. The second year has what the first one has not."""
    stands = Stands(talk, 0, years * 1_000_000 + number, _YEARS[years])
    mark = f"{years}-{number}"
    shop = names(mark)
    for name in shop[years::2]:
        stands.notify(name)
    stands.konvo_kinds(45 - 10 * years)
    stands.synq_kinds() if years == 0 else stands.polinate_kinds()
    roads = ROADS[years::2]
    made = stands.synq_for_roads(len(roads) + len(PARCELS))
    for order_id in made:
        until(lambda one=order_id: _ended(talk, one), "the order is confirmed")
    for order_id, road in zip(made, roads, strict=False):
        stands.along(order_id, road)
    for order_id, words in zip(made[len(roads) :], PARCELS[years::2], strict=False):
        stands.parcels(order_id, words)
    _changed_mirrors(stands)


def _changed_mirrors(stands: Stands) -> None:
    """What Polinate tells of orders that a shop told."""
    told = stands.konvo(*[stands.konvo_order(f"mirror{n}", status="paid") for n in range(6)])
    changes: list[dict[str, Any]] = [
        {"order": {"phase": "DELETED"}},
        {"order": {"status": "DELIVERED", "deliveredAt": "2025-02-03T04:05:06.000Z"}},
        {"order": {"properties": {"erp": {"number": "M-1"}}, "notes": "as told"}},
        {"order": {"currency": "SEK", "totalAmount": "11.125"}},
        {"order": {"phase": "CANCELLED"}},
        {"order": {"externalReference": f"ref-{stands.seed}"}},
    ]
    for place, (one, change) in enumerate(zip(told.json["result"], changes, strict=True)):
        number = one["id"].replace("-", "")
        stands.change(f"ord_{number}", change, f"mirror-{number}-{place}")


def _neighbour(talk: Talk, years: int) -> None:
    """A few orders of an organization that may promise what it has not."""
    stands = Stands(talk, 1, years)
    stands.konvo_kinds(6)
    made = stands.synq_for_roads(3)
    for order_id in made:
        until(lambda one=order_id: _ended(talk, one, 1), "the neighbour's order is confirmed")
    stands.along(made[0], ROADS[7])


def _ended(talk: Talk, order_id: str, org: int = 0) -> bool:
    answer = talk.ask(Request(org, "synq", "GET", f"{SYNQ}/{order_id}"))
    return answer.json["status"] in ("confirmed", "failed", "processing")


def _settled(talk: Talk) -> bool:
    """Whether no managed order waits for the pipeline."""
    path = f"{POLINATE}?phase={_WAITING}&limit=100"
    for org in range(len(talk.organizations)):
        page = talk.ask(Request(org, "polinate", "GET", path)).json
        # The reason of a managed order that waits says so.
        if any((one["reason"] or "").startswith("waiting") for one in page["items"]):
            return False
    return True


def _archived(old: Old) -> None:
    """The events of the first year's finished orders leave for the archive."""
    folder = old.folder / "archive"
    about = {"ENTREPOT_EVENTS_DAYS": "100", "ENTREPOT_ARCHIVE_DIR": str(folder)}
    with old.serving(shift=-200 * DAY, **about):
        until(lambda: any(folder.glob("*")), "events are in the archive", 300)
        sizes = [0]

        def quiet() -> bool:
            sizes.append(sum(file.stat().st_size for file in folder.glob("*")))
            return len(sizes) > 40 and sizes[-1] == sizes[-40]

        until(quiet, "the archive grows no more", 1_800)


def _under_way(old: Old, rounds: int) -> list[tuple[str, ...]]:
    """Orders whose payments wait, are lost, expire, or cannot be asked for; and steps that stop.

    The answer has, for each round, the orders that are to be cancelled where nobody works on them.
    """
    marks = [str(number) for number in range(rounds)]
    to_cancel = []
    with old.serving(shift=_UNREST * DAY, ENTREPOT_HOLD_SECONDS="1") as talk:
        made = [
            Stands(talk, 0, 2_000_000 + n).synq(f"pending-expires-{n}").json["order_id"]
            for n in range(rounds)
        ]
        for order_id in made:
            until(lambda one=order_id: _ended(talk, one), "the hold has ended")
    with old.serving(shift=_UNREST * DAY, killed=True) as talk:
        for number in range(rounds):
            stands = Stands(talk, 0, 3_000_000 + number)
            made = [stands.synq(f"{name}-{number}").json["order_id"] for name in _FATES]
            to_cancel.append((made[0], made[1]))
        for paid, _ in to_cancel:
            until(lambda one=paid: _ended(talk, one), "the order is confirmed")
        until(lambda: _asked(old, "pending-", 3 * rounds), "the payments are asked for")
    with closing(sqlite3.connect(old.ledger)) as ledger, ledger:
        ledger.execute("UPDATE payments SET units = units + 1 WHERE reference LIKE 'pending-park%'")
    with old.serving(shift=_UNREST * DAY + 300, killed=True) as talk:
        stands = Stands(talk, 0, 4_000_000)
        for mark in marks:
            stands.notify(GARBLED.format(mark=mark))
            stands.notify(MISSING.format(mark=mark))
        until(lambda: _parked(talk, rounds), "the payments are parked")
    return to_cancel


def _asked(old: Old, begins: str, count: int) -> bool:
    with closing(sqlite3.connect(old.ledger)) as ledger:
        said = "SELECT count(*) FROM payments WHERE reference LIKE ? AND state = 'pending'"
        return int(ledger.execute(said, (f"{begins}%",)).fetchone()[0]) >= count


def _parked(talk: Talk, count: int) -> bool:
    found = 0
    for offset in range(0, 8 * count + 100, 100):
        path = f"{SYNQ}?limit=100&offset={offset}"
        orders = talk.ask(Request(0, "synq", "GET", path)).json["orders"]
        found += sum(one["parked"] for one in orders)
    return found >= count


def _left_waiting(talk: Talk, to_cancel: list[tuple[str, ...]]) -> None:
    """Orders at a process that only takes requests: nobody takes the steps that are due. Then
    Konvo's last tellings.
    """
    for number, cancelled in enumerate(to_cancel):
        stands = Stands(talk, 0, 5_000_000 + number)
        mark = f"5-{number}"
        placed = stands.synq(f"pi_waits_{mark}").json["order_id"]
        stands.synq(f"pi_waits_too_{mark}", idempotency_key=f"kept-{mark}")
        stands.polinate({0: 1}, f"waits-{mark}")
        stands.along(placed, ({"status": "PACKED"}, {"notes": "soon"}))
        stands.notify(_ANNOUNCED.format(mark=mark))
        for order_id in cancelled:
            stands.along(order_id, ({"phase": "CANCELLED"},))
    stands = Stands(talk, 0, 6_000_000)
    stands.konvo(*[stands.konvo_order(f"last{n}", status="paid") for n in range(LAST_TELLING)])
