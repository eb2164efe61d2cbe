"""Requests that read: one order of any in the book, the pages of lists, and every filter."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from bench import book, wrk
from bench.fill import Filled
from bench.fill_copy import BATCH_ORDERS
from bench.fill_pattern import BATCH_PATH, MARK_PATH
from bench.requests import Credentials, konvo, polinate, synq
from bench.wrk import Load
from entrepot.core import ids
from entrepot.edge.native.paging import cursor
from entrepot.testing.server import Server

FEW = 100
KONVO_PAGE, POLINATE_PAGE = 50, 20  # what the dialects give when nothing is said

_SCRIPT = """
local paths = {}
for line in io.lines("%(paths)s") do paths[#paths + 1] = line end
local at = %(at)d
%(headers)s
request = function() at = at %% #paths + 1 return wrk.format("GET", paths[at]) end
"""


@dataclasses.dataclass
class Reading:
    """A GET of each of `paths`, in turn; a load goes on where the last one ended.

    `counted` is the member of the answer that says how many orders match; empty where none does.
    """

    name: str
    headers: dict[str, str]
    paths: tuple[str, ...]
    counted: str = ""
    at: int = 0

    def script(self, out: Path) -> str:
        """The Lua script that sends it and writes its figures to `out`."""
        paths = out.with_suffix(".paths")
        paths.write_text("".join(f"{path}\n" for path in self.paths))
        return (_SCRIPT + wrk.DONE) % {
            "paths": paths,
            "at": self.at,
            "headers": "\n".join(f'wrk.headers["{k}"] = "{v}"' for k, v in self.headers.items()),
            "out": out,
        }

    def run(self, url: str, concurrency: int, seconds: int, folder: Path) -> Load:
        """Send it over so many connections for so long, each as fast as it is answered."""
        load = wrk.drive(self.script, url, concurrency, seconds, folder)
        self.at = (self.at + load.requests) % len(self.paths)
        return load

    def total(self, url: str) -> int | None:
        """How many orders a list says that it has; None where it does not say.

        Raises httpx.HTTPStatusError where the answer is no 2xx.
        """
        answer = httpx.get(url + self.paths[0], headers=self.headers, timeout=60)
        said: Any = answer.raise_for_status().json()
        return int(said[self.counted]) if self.counted else None


def every(filled: Filled, server: Server) -> list[Reading]:
    """All of them, in the order of the table, on a book that only its filling has written to."""
    told = server.credentials
    return [
        *_by_id(filled, told), *_pages(filled, told), *_since(filled, told),
        *_filtered(filled, told),
        *_contacts(filled, told), *_customers(filled, told),
    ]  # fmt: skip


def of_any_version(filled: Filled, server: Server) -> list[Reading]:
    """Those that the oldest versions answer as well: an order by its id, and lists of orders."""
    told = server.credentials
    return [*_by_id(filled, told), *_pages(filled, told), *_since(filled, told)]


def _by_id(filled: Filled, told: Credentials) -> list[Reading]:
    spelled = (
        (synq(told), "Synq", ids.dashed),
        (konvo(told, 1), "Konvo", ids.dashed),
        (polinate(told), "Polinate", lambda one: f"ord_{one.hex()}"),
    )
    drawn = random.Random(filled.orders).sample(filled.sample, len(filled.sample))
    return [
        Reading(
            f"{name} GET by id", request.headers,
            tuple(f"{request.path}/{spell(one)}" for one in drawn),
        )
        for request, name, spell in spelled
    ]  # fmt: skip


def _pages(filled: Filled, told: Credentials) -> list[Reading]:
    half = filled.orders // 2
    lists = (
        (synq(told), "Synq", f"offset={half}", ""),
        (konvo(told, 1), "Konvo", f"page={half // KONVO_PAGE + 1}", "count"),
        (polinate(told), "Polinate", f"page={half // POLINATE_PAGE + 1}", "total"),
    )
    first = [
        Reading(f"{name} list, first page", request.headers, (request.path,), counted)
        for request, name, _, counted in lists
    ]
    deep = [
        Reading(
            f"{name} list, page half way", request.headers, (f"{request.path}?{query}",), counted
        )
        for request, name, query, counted in lists
    ]
    return first + deep


def _since(filled: Filled, told: Credentials) -> list[Reading]:
    half = filled.orders // 2
    few, many = _created(filled, FEW), _created(filled, half)
    few_updated, many_updated = _updated(filled, FEW), _updated(filled, half)
    return _polinate(told, {
        f"createdSince, newest {FEW}": f"createdSince={few}",
        "createdSince, newest half": f"createdSince={many}",
        f"updatedSince, latest {FEW}": f"updatedSince={few_updated}",
        "updatedSince, latest half": f"updatedSince={many_updated}",
        f"modifiedSince, latest {FEW}": f"modifiedSince={few_updated}",
        "modifiedSince, latest half": f"modifiedSince={many_updated}",
    })  # fmt: skip


def _filtered(filled: Filled, told: Credentials) -> list[Reading]:
    batch = f"propertyPath={BATCH_PATH}&propertyValue=b{filled.orders // 2 // BATCH_ORDERS}"
    return _polinate(told, {
        "phase of many": "phase=ACTIVE",
        "phase of few": "phase=CANCELLED",
        "status of many": "status=ACCEPTED",
        "status of some": "status=IN_TRANSIT",
        "propertyValue of few": batch,
        "propertyExists of some": f"propertyPath={MARK_PATH}&propertyExists=true",
        "propertyExists=false of most": f"propertyPath={MARK_PATH}&propertyExists=false",
    })  # fmt: skip


def _polinate(told: Credentials, queries: dict[str, str]) -> list[Reading]:
    request = polinate(told)
    return [
        Reading(f"Polinate list, {name}", request.headers, (f"{request.path}?{query}",), "total")
        for name, query in queries.items()
    ]


def _contacts(filled: Filled, told: Credentials) -> list[Reading]:
    """Konvo's contacts: pages, a bound and a search that one contact fits."""
    headers = konvo(told, 1).headers
    [(contacts,)] = book.rows(filled.url, "SELECT count(*) FROM contacts")
    half = contacts // 2
    middle = f"SELECT updated_at FROM contacts ORDER BY org, updated_at LIMIT 1 OFFSET {half}"
    since = spelled(book.rows(filled.url, middle)[0][0])
    one = f"SELECT email FROM customers WHERE email IS NOT NULL ORDER BY id LIMIT 1 OFFSET {half}"
    found = book.rows(filled.url, one)
    queries = {
        "first page": "", "page half way": f"?page={half // KONVO_PAGE + 1}",
        "updated_at_min, latest half": f"?updated_at_min={since}",
    }  # fmt: skip
    if found:
        queries["q, one mailbox"] = f"?q={quote(found[0][0])}"
    return [
        Reading(f"Konvo contacts, {name}", headers, (f"/contacts{query}",), "count")
        for name, query in queries.items()
    ]


def _customers(filled: Filled, told: Credentials) -> list[Reading]:
    """The native API's customers: pages, and those with a mailbox or a word in the name."""
    headers = {"Authorization": f"Bearer {told['native']['api_key']}"}
    [(customers,)] = book.rows(filled.url, "SELECT count(*) FROM customers")
    one = f"SELECT id, email, name FROM customers ORDER BY id LIMIT 1 OFFSET {customers // 2}"
    id_, email, name = book.rows(filled.url, one)[0]
    after = cursor(bytes(id_).hex())
    queries = {"first page": "", "page half way": f"?after={after}"}
    if email:
        queries["one mailbox"] = f"?email={quote(email)}"
    queries["a name"] = f"?name={quote(name)}"
    return [
        Reading(f"native customers, {said}", headers, (f"/v1/customers{query}",))
        for said, query in queries.items()
    ]


def _created(filled: Filled, newest: int) -> str:
    """The time after which so many orders were created."""
    statement = f"SELECT created_at FROM orders WHERE number = {filled.orders - newest}"
    return spelled(book.rows(filled.url, statement)[0][0])


def _updated(filled: Filled, latest: int) -> str:
    """The time after which so many orders were updated, or one less where two share it."""
    statement = (
        f"SELECT updated_at FROM orders ORDER BY org DESC, updated_at DESC LIMIT 1 OFFSET {latest}"
    )
    return spelled(book.rows(filled.url, statement)[0][0])


def spelled(microseconds: int) -> str:
    """A time as lists take it as a bound."""
    moment = dt.datetime.fromtimestamp(microseconds / 1e6, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
