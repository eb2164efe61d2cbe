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


def told_modules(tree: str) -> set[str]:
    """The modules that a tree of the architecture has, each with its folders."""
    folders: list[tuple[int, str]] = []
    told: set[str] = set()
    for line in filter(str.strip, tree.splitlines()):
        indent = len(line) - len(line.lstrip())
        while folders and folders[-1][0] >= indent:
            folders.pop()
        if (folder := re.match(r" *(\w+)/", line)) is not None:
            folders.append((indent, folder[1]))
        above = [name for _, name in folders]
        told |= {"/".join([*above, name]) for name in re.findall(r"\b(\w+\.py)\b", line)}
    return told


def test_the_tree_in_the_architecture_is_the_tree() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    source = ROOT / "src" / "entrepot"
    modules = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if not path.name.startswith("__")
        and path.parent.name not in _WHOLE_FOLDERS
        and not (path.is_relative_to(source / "edge") and path.parent != source / "edge")
    }
    assert told_modules(text.partition("## The tree")[2]) == modules


def test_a_tree_says_in_which_folder_a_module_is() -> None:
    tree = """
a/          some room
  its values
    b.py       a value
    c/         a folder that is told of as a whole
  d/         a folder
    e.py       one module
    f.py · g.py
  h.py       in the room
i.py
"""
    assert told_modules(tree) == {"a/b.py", "a/d/e.py", "a/d/f.py", "a/d/g.py", "a/h.py", "i.py"}
