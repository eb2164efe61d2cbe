"""Members of a body that are read as a type of ours: an id, an amount, a quantity, a time.

A shape names the type. The type's `told` makes a value of what the JSON says, and raises ValueError
with a sentence where it cannot. So a faulty value is a fault of the shape, like a missing member.
"""

from __future__ import annotations

from typing import Any, Protocol


class OwnType(Protocol):
    """A type that a shape of a body can name."""

    @classmethod
    def told(cls, value: object) -> Any:
        """The value that this JSON value says. Raises ValueError with what is wrong."""
        ...


def of_own_type(type_: type[OwnType], value: object) -> Any:
    """For a decoder's `dec_hook`: the value of one of our types."""
    return type_.told(value)
