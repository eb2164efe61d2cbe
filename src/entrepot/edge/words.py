"""The words of every dialect. Whoever imports this module has them registered (core.words)."""

from __future__ import annotations

from entrepot.core.words import register
from entrepot.edge.konvo import words as konvo
from entrepot.edge.polinate import words as polinate
from entrepot.edge.synq import words as synq

AXES = (synq.AXIS, *polinate.AXES, *konvo.AXES)

register(*AXES)
