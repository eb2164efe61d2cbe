"""Whole numbers of a query, in every dialect: digits, and a sign before them.

A query is text. `5.0` and `1e1` are numbers of JSON, where a body may have them; in an address they
are no whole number to any dialect.
"""

from __future__ import annotations

import re
from typing import Final

from entrepot.edge.soundness import INTEGER_MAX

_WHOLE: Final = re.compile(r"-?[0-9]{1,19}\Z")


def whole(text: str) -> int | None:
    """The whole number that a parameter's text says; None where the text is none, or says more than
    a database keeps.
    """
    number = int(text) if _WHOLE.match(text) else None
    return None if number is None or abs(number) > INTEGER_MAX else number
