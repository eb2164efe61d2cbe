"""Every documented fact of the three order APIs, each with its source and a check on a server.

A fact has a number, a sentence, a source and a check. The check talks to a running server and
fails where the server does not do what the sentence says.

`ours` is set where the documents contradict each other, or where the fact waits for another part
of the server. It gives the reason. The check then holds what the server does instead, so that
the day on which the server changes is noticed.

Sources: "seed 000" to "seed 004" are the published documents, in the order notify, patch, get
(Polinate), create (Konvo), orders (Synq). "page" is a published documentation page. "code" is
read from the vendor's public code, and is a suggestion only. "design" is our own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .house import House

Check = Callable[[House], None]


@dataclass(frozen=True, slots=True)
class Fact:
    """One documented fact, and how a running server is asked about it."""

    number: int
    api: str
    says: str
    source: str
    check: Check
    ours: str | None = None


class Facts:
    """The facts of one API, gathered by decorating their checks."""

    def __init__(self, api: str) -> None:
        self.api = api
        self.all: list[Fact] = []

    def __call__(
        self, number: int, says: str, source: str, *, ours: str | None = None
    ) -> Callable[[Check], Check]:
        """Register the decorated check as the check of one fact."""

        def register(check: Check) -> Check:
            self.all.append(Fact(number, self.api, says, source, check, ours))
            return check

        return register

    def each(
        self,
        first: int,
        cases: list[tuple[object, ...]],
        says: str,
        source: str,
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Register one check for facts with consecutive numbers; `says` is a format of the case."""

        def register(check: Callable[..., None]) -> Callable[..., None]:
            for number, case in enumerate(cases, first):
                told = partial(_asked, check, case)
                self.all.append(Fact(number, self.api, says.format(*case), source, told))
            return check

        return register


def _asked(check: Callable[..., None], case: tuple[object, ...], house: House) -> None:
    check(house, *case)
