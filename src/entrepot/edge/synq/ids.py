"""Ids as Synq spells them."""

from __future__ import annotations

from entrepot.core import ids
from entrepot.core.refusal import Reason, refuse


def uuid(text: str, field: str, *prefixes: str) -> bytes:
    """The id that a UUID spells, bare or with one of these prefixes. Refused: what is none."""
    raw = ids.spelled_often(text, *prefixes)
    if raw is None:
        raise refuse(Reason.INVALID, "must be a UUID", field)
    return raw
