"""The documents that are printed from tables stand in the repository as they are printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from entrepot.core import events, words
from entrepot.core.refusal import Reason
from entrepot.docs import printed
from entrepot.settings import described

ROOT = Path(__file__).parents[2]
PRINTED = printed()


@pytest.mark.parametrize("name", PRINTED)
def test_a_document_is_as_printed(name: str) -> None:
    committed = (ROOT / name).read_text(encoding="utf-8")
    assert committed == PRINTED[name], "print it again: entrepot docs docs"


# Told of by their own names alone.
_WHOLE_FOLDERS = {"testing", "verify", "versions", "migrations", "schema", "steps", "decide", "cli"}


def test_nothing_is_left_out() -> None:
    lifecycle = PRINTED["docs/lifecycle.md"]
    for axis in words.AXES:
        for word in words.AXES[axis].rows:
            assert f"\n| `{word}` | " in lifecycle
    for reason in Reason:
        assert f"\n| `{reason.code}`" in PRINTED["docs/refusals.md"]
    for variable, *_ in described():
        assert f"\n| `{variable}` | " in PRINTED["docs/settings.md"]


def test_every_type_of_event_is_one_that_can_be_asked_for_and_is_told_of() -> None:
    named = {
        value for name, value in vars(events).items()
        if name.isupper() and isinstance(value, str) and "." in value
    }  # fmt: skip
    assert named | set(events.TAXON_CREATED.values()) == events.ALL_TYPES
    text = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    assert [one for one in sorted(events.ALL_TYPES) if f"`{one}`" not in text] == []


def test_the_tree_in_the_architecture_is_the_tree() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    tree = text.partition("## The tree")[2].partition("## The import law")[0]
    source = ROOT / "src" / "entrepot"
    told = set(re.findall(r"\b(\w+\.py)\b", tree))
    modules = {
        path.name
        for path in source.rglob("*.py")
        if not path.name.startswith("__")
        and path.parent.name not in _WHOLE_FOLDERS
        and not (path.is_relative_to(source / "edge") and path.parent != source / "edge")
    }
    assert told == modules
