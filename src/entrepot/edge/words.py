"""Importing this module registers the words of every dialect in `core.words`, and how an address
of Konvo reads in `core.told_address`.
"""

from __future__ import annotations

from entrepot.core import told_address
from entrepot.core.words import register
from entrepot.edge.konvo import words as konvo
from entrepot.edge.konvo.orders import address
from entrepot.edge.polinate import words as polinate
from entrepot.edge.synq import words as synq

AXES = (synq.AXIS, *polinate.AXES, *konvo.AXES)

register(*AXES)
told_address.register(address.text_of)
