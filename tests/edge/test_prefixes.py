"""Prefixes of ids that are taken are said in one place."""

from __future__ import annotations

import re
from pathlib import Path

from entrepot.edge import prefixes

EDGE = Path(prefixes.__file__).parent
KNOWN = [
    one
    for name, value in vars(prefixes).items()
    if name.isupper()
    for one in ((value,) if isinstance(value, str) else value)
]
LITERAL = re.compile(rf'"(?:{"|".join(KNOWN)})"')


def test_nobody_else_says_which_prefix_an_id_may_have() -> None:
    assert len(KNOWN) == 12, KNOWN
    said = {
        path.relative_to(EDGE).as_posix()
        for path in EDGE.rglob("*.py")
        if LITERAL.search(path.read_text())
    }
    assert said == {"prefixes.py"}
