"""Words that a command takes, whatever their case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cyclopts import Parameter


def words(*known: str) -> Parameter:
    """A parameter that is one of these words, in capitals or not."""

    def chosen(_type: Any, tokens: Sequence[Any]) -> str:
        said: str = tokens[0].value
        for word in known:
            if word.lower() == said.strip().lower():
                return word
        raise ValueError(f"{said!r} is none of {', '.join(known)}")

    return Parameter(converter=chosen)
