"""Every claim of docs/dialects and of the README names what proves it, and what it names is there.

A claim is a row of a table, an item of a list or a paragraph. It ends with a comment that no
reader sees: `<!-- proof: facts 12, 15-17; test_x -->`. Facts are those of tests/contracts/facts. A
test is named by its function, and where several have the name, by its file below tests as well:
`edge/konvo/test_routes.py::test_x`. In docs/dialects what stands before the first heading of the
second level says what the document is, and needs no proof. Code between fences is no claim.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contracts.facts.test_facts import FACTS

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
README = ROOT / "README.md"
DOCUMENTS = [README, *sorted((ROOT / "docs" / "dialects").glob("*.md"))]

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ITEM = re.compile(r"(- |\* |\d+\. )")
PROOF = re.compile(r"<!-- proof: (.+?) -->")
FACTS_NAMED = re.compile(r"facts? (\d+(?:-\d+)?(?:, \d+(?:-\d+)?)*)\Z")
TEST_NAMED = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)

KNOWN_FACTS = frozenset(fact.number for fact in FACTS)
FULL_NAMES = frozenset(
    f"{path.relative_to(TESTS).as_posix()}::{name}"
    for path in TESTS.rglob("test_*.py")
    for name in TEST_NAMED.findall(path.read_text(encoding="utf-8"))
)
HOW_OFTEN = Counter(name.rpartition("::")[2] for name in FULL_NAMES)


def claims(text: str) -> Iterator[str]:
    """The claims of a text, each with its proof."""
    lines = [*FENCED.sub("", text).splitlines(), ""]
    claim: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        row = line.startswith("|")
        if claim and (row or not line or line.startswith("#") or ITEM.match(line)):
            yield "\n".join(claim)
            claim = []
        if row and not line.startswith("|---") and not following.startswith("|---"):
            yield line
        elif line and not row and not line.startswith("#"):
            claim.append(line)


def faults(claim: str) -> Iterator[str]:
    """Faults of a claim: no proof, or a proof whose fact or test does not exist."""
    found = PROOF.search(claim)
    if found is None:
        yield "no proof"
        return
    for part in found[1].split("; "):
        numbers = FACTS_NAMED.match(part)
        if numbers is not None:
            for some in numbers[1].split(", "):
                first, _, last = some.partition("-")
                if not KNOWN_FACTS.issuperset(range(int(first), int(last or first) + 1)):
                    yield f"no such fact: {some}"
        elif "::" in part:
            if part not in FULL_NAMES:
                yield f"no such test: {part}"
        elif HOW_OFTEN[part] != 1:
            yield f"{HOW_OFTEN[part]} tests have the name: {part}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_claim_is_proven(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    found = list(claims(text if document == README else text[text.index("\n## ") :]))
    assert len(found) > 30
    lacking = [(claim[:80], fault) for claim in found for fault in faults(claim)]
    assert lacking == []


SAMPLE = """## A table

| statement | source |
|---|---|
| a row | [seed] <!-- proof: fact 1 --> |
| another row | [seed] |

```sh
some code
```

A paragraph of
two lines. <!-- proof: facts 1-3, 470; test_every_claim_is_proven -->

- an item <!-- proof: facts 4690-4710 -->
- an item of
  two lines <!-- proof: test_nothing_of_the_kind -->
1. a step <!-- proof: test_a_whole_order; architecture/test_tidy.py::test_x -->
"""


def test_what_lacks_a_proof_is_seen() -> None:
    found = [(claim.split()[:2], list(faults(claim))) for claim in claims(SAMPLE)]
    assert found == [
        (["|", "a"], []),
        (["|", "another"], ["no proof"]),
        (["A", "paragraph"], []),
        (["-", "an"], ["no such fact: 4690-4710"]),
        (["-", "an"], ["0 tests have the name: test_nothing_of_the_kind"]),
        (
            ["1.", "a"],
            [
                f"{HOW_OFTEN['test_a_whole_order']} tests have the name: test_a_whole_order",
                "no such test: architecture/test_tidy.py::test_x",
            ],
        ),
    ]
