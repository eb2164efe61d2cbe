"""Elements of a list that one request changes twice: one of the two changes would be lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from entrepot.core.refusal import Reason, Refusal, Refused


class Named(Protocol):
    """A change of an element. `where` is its path in the sender's body."""

    @property
    def where(self) -> str:
        """The path."""
        ...


def faults(
    changes: Iterable[tuple[bytes, Named]], thing: str, member: str = "id"
) -> Iterator[Refusal]:
    """A fault of each change of an element that an earlier change names; `member` names it."""
    named: dict[bytes, str] = {}
    for id_, change in changes:
        first = named.setdefault(id_, change.where)
        if first != change.where:
            sentence = f"is the {thing} of {first} too"
            yield Refusal(Reason.INVALID, sentence, f"{change.where}.{member}")


def refuse(changes: Iterable[tuple[bytes, Named]], thing: str, member: str = "id") -> None:
    """Refuse the first change of an element that an earlier change names."""
    for fault in faults(changes, thing, member):
        raise Refused(fault)
