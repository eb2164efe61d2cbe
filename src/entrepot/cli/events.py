"""`entrepot events`: what happened in an organization, who did it, and what changed."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import Annotated, Any

from cyclopts import Parameter
from sqlalchemy import Connection

from entrepot.cli.choices import whole
from entrepot.cli.lines import printable
from entrepot.cli.session import OperatorError, on_book, organization
from entrepot.core import ids
from entrepot.core.order import Event
from entrepot.core.properties import parse, text_of
from entrepot.core.shown import moment
from entrepot.store.engine import Database
from entrepot.store.engines.outage import Damaged, LogLost, Unavailable
from entrepot.store.keeping import archive
from entrepot.store.reading import event_log

PAGE = 500  # events that are read together
LOOK_SECONDS = 0.5  # how often --follow looks for new events
_Flag = Annotated[bool, Parameter(negative="")]


def events(
    org: str,
    *,
    after: Annotated[int, whole] = 0,
    follow: _Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Print the events of an organization in the order of their numbers, which is that of commits.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    after
        The number of the last event that you have seen; 0 for all.
    follow
        Go on with new events, asked for twice a second, until you stop it.
    as_json
        Print a line of JSON an event, as the archive has it.
    """
    if after < 0:
        raise OperatorError("--after must be a whole number, 0 or more")

    async def work(database: Database) -> None:
        def find(conn: Connection) -> tuple[int, int]:
            mine = organization(conn, org).org
            return mine, event_log.newest(conn, mine)

        mine, newest = await database.read(find)
        if after > newest:
            sentence = f"the newest event of {org} has the number {newest}, so none comes after"
            raise OperatorError(f"{sentence} {after}; was the book restored? Begin with --after 0")
        reader = _Reader(database, mine, after, as_json=as_json)
        await reader.print_new()
        while follow:
            await asyncio.sleep(LOOK_SECONDS)
            await reader.print_new_unless_away()

    on_book(work, must_exist=True)


class _Reader:
    """Prints an organization's events behind the one with the number `last`."""

    def __init__(self, database: Database, org: int, last: int, *, as_json: bool) -> None:
        self._database, self._org, self._last, self._as_json = database, org, last, as_json
        self._away = False

    async def print_new(self) -> None:
        """Print what is new."""
        gone, more = 0, True
        while more:
            look = partial(event_log.after, org=self._org, number=self._last, limit=PAGE)
            page = await self._database.read(look)
            for event in page:
                gone += event.number - self._last - 1
                self._last = event.number
                print(archive.line(event).rstrip("\n") if self._as_json else described(event))
            sys.stdout.flush()
            more = len(page) == PAGE
        if gone:
            sentence = f"{gone} events before number {self._last} are no longer in the book"
            _say(f"{sentence}; the archive has them: docs/runbook.md")

    async def print_new_unless_away(self) -> None:
        """Print what is new, or say once that the database is away, and once that it is back."""
        try:
            await self.print_new()
        except (Damaged, LogLost):
            raise
        except Unavailable as error:
            if not self._away:
                _say(f"{error}; events are asked for until the database is back")
            self._away = True
        else:
            if self._away:
                _say("the database is back")
            self._away = False


def _say(sentence: str) -> None:
    print(f"entrepot: {sentence}", file=sys.stderr, flush=True)


def described(event: Event) -> str:
    """An event as a line for people. Times are UTC; what does not print is escaped."""
    named = f"{event.subject} {ids.dashed(event.subject_id)}"
    told = f"{event.number}  {moment(event.at)}  {event.type}  {named}  {event.actor or '-'}"
    what = _what(event)
    return printable(f"{told}  {what}" if what else told)


def _what(event: Event) -> str:
    """The changes of an amendment; for other events, where the order stood afterwards."""
    try:
        body: Any = parse(event.body)
        changed = body.get("changed")
        return ", ".join(_pairs("", changed)) if changed else "/".join(body["facets"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return event.body


def _pairs(path: str, changed: Any) -> list[str]:
    """Each pair of values with its path: `lines.ID.quantity 2 -> 3`."""
    if isinstance(changed, dict):
        inner = [(f"{path}.{name}" if path else name, told) for name, told in changed.items()]
        return [pair for name, told in inner for pair in _pairs(name, told)]
    before, after = [text_of(one) for one in changed]
    return [f"{path} {before} -> {after}"]
