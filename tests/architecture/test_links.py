"""A link of a document leads to a file of the repository, and to a heading that it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^()\s]+)\)")


def anchors(document: Path) -> set[str]:
    """The names that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(document: Path, text: str) -> list[str]:
    """The links of a text in this document that lead nowhere in the repository."""
    found = []
    for link in LINK.findall(text):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    assert broken(document, document.read_text(encoding="utf-8")) == []


def test_a_link_that_leads_nowhere_is_seen() -> None:
    text = "[a](docs/verify.md) [b](docs/nothing.md) [c](README.md#nothing) [d](https://x.org/y)"
    assert broken(ROOT / "README.md", text) == ["docs/nothing.md", "README.md#nothing"]


def test_each_decision_has_a_number_of_its_own_and_says_it_in_its_title() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert len(set(numbers)) == len(numbers)
    titles = [path.read_text(encoding="utf-8").partition("\n")[0] for path in decisions]
    assert [title.split(" ")[:2] for title in titles] == [["#", f"{n}."] for n in numbers]


def test_the_list_of_decisions_has_each_once_under_its_title() -> None:
    folder = ROOT / "docs" / "adr"
    listed = re.findall(r"^- \[(.+?)\]\((.+?)\)", (folder / "README.md").read_text(), re.MULTILINE)
    titles = {
        path.name: path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        for path in folder.glob("0*.md")
    }
    assert sorted((name, title) for title, name in listed) == sorted(titles.items())
