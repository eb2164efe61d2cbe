"""Every dialect this server speaks; a new one is served and documented by being listed here."""

from __future__ import annotations

from entrepot.edge import words as _registered  # noqa: F401 - the words of every dialect
from entrepot.edge.dialect import Dialect
from entrepot.edge.konvo.dialect import DIALECT as KONVO
from entrepot.edge.native.dialect import DIALECT as NATIVE
from entrepot.edge.polinate.dialect import DIALECT as POLINATE
from entrepot.edge.synq.dialect import DIALECT as SYNQ

ALL: tuple[Dialect, ...] = (SYNQ, POLINATE, KONVO, NATIVE)
