"""Importing this module registers the words of every dialect in `core.words`, and how an address
of Konvo reads in `core.told_address`.
"""

from __future__ import annotations

import msgspec

from entrepot.core import told_address
from entrepot.core.words import register
from entrepot.edge.konvo import words as konvo
from entrepot.edge.konvo.orders import address
from entrepot.edge.polinate import words as polinate
from entrepot.edge.synq import words as synq

AXES = (synq.AXIS, *polinate.AXES, *konvo.AXES)

register(*AXES)


def _read(kept: str) -> str | None:
    """The address as text; None of a damaged row, whose commands go on without it."""
    try:
        return address.text_of(kept)
    except msgspec.DecodeError:
        return None


told_address.register(_read)
