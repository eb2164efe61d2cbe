"""A list of things by their ids, with no filter: a page of them, and the cursor of the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from entrepot.edge.dialect import Call
from entrepot.edge.native import bodies
from entrepot.edge.native.paging import Pages
from entrepot.edge.native.wire import Page, PageQuery
from entrepot.store.question import Question
from entrepot.writer.envelope import Answer


class Thing(Protocol):
    """What lies in the book under an id."""

    @property
    def id(self) -> bytes:
        """The thing's id."""


Q = TypeVar("Q", bound=PageQuery)
T = TypeVar("T", bound=Thing)
W = TypeVar("W")
_encode = msgspec.json.Encoder().encode


async def by_id(
    call: Call,
    shape: type[Q],
    question: Question[[bytes | None, int], list[T]],
    shown: Callable[[T], W],
    page: type[Page[W]],
) -> Answer:
    """A page of the things that `question` finds behind an id, as `shown` shows each."""
    asked = bodies.query(call, shape)
    pages = Pages(call, asked)
    found = await call.read(question, pages.id_after(), asked.limit + 1)
    things, after = pages.cut(found, lambda one: one.id)
    return Answer(200, _encode(page(list(map(shown, things)), after)))
