"""Every sender of a command names itself: events tell it."""

from __future__ import annotations

import ast
from pathlib import Path

from entrepot.writer.envelope import Envelope

SOURCE = Path(__file__).parents[2] / "src" / "entrepot"


def test_every_envelope_is_made_with_an_actor() -> None:
    made: list[str] = []
    without: list[str] = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) != "Envelope":
                continue
            made.append(path.name)
            by_place = len(node.args) > Envelope._fields.index("actor")
            if not by_place and "actor" not in [word.arg for word in node.keywords]:
                without.append(f"{path.relative_to(SOURCE)}:{node.lineno}")
    assert len(made) >= 7
    assert without == []
