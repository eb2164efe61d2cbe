"""Names that people find things by: there has to be something to see."""

from __future__ import annotations

from entrepot.core.refusal import Reason, refuse


def visible(name: str, field: str) -> str:
    """The name as it was told. Refused: blanks and characters without a shape alone, under the
    sender's name for the member.
    """
    if not any(one.isprintable() and not one.isspace() for one in name):
        raise refuse(Reason.INVALID, "must not be blank", field)
    return name
