"""A dialect reads the book through `Call.read` only, which binds the caller's organization.

The call takes questions (store/question.py), whose types mypy checks; this test sees to it that a
dialect has nothing else to read with.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.store.question import Question
from entrepot.store.reading import queries
from entrepot.store.writing import order_names

EDGE = Path(__file__).parents[2] / "src" / "entrepot" / "edge"
DIALECTS = ("konvo", "polinate", "synq")
# Ways to the database past `Call.read`, by the name behind the dot.
WAYS = frozenset({
    "ask", "database", "look", "read_long", "read_one", "write", "write_guarded", "write_long",
    "write_unsynced",
})  # fmt: skip
QUESTIONS = frozenset({"entrepot.store.reading", "entrepot.store.reading.queries"})


def ways_past(source: str) -> Iterator[str]:
    """Every line that could read or write the book without an organization."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in WAYS:
            # A dialect's own module of that name is no database.
            if not (isinstance(node.value, ast.Name) and node.value.id == "write"):
                yield f"line {node.lineno}: .{node.attr}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("entrepot.store"):
            if node.module not in QUESTIONS:
                yield f"line {node.lineno}: from {node.module}"
        elif isinstance(node, ast.Import):
            for name in node.names:
                if name.name.startswith("entrepot.store"):
                    yield f"line {node.lineno}: import {name.name}"


def orgs_by_hand(source: str) -> Iterator[str]:
    """Every line that takes the organization's number out of the principal."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr == "org":
            yield f"line {node.lineno}: .org"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_reads_through_its_call_only(dialect: str) -> None:
    files = sorted((EDGE / dialect).rglob("*.py"))
    assert any("routes" in file.name for file in files)
    found = {
        str(file.relative_to(EDGE)): [
            *ways_past(file.read_text()),
            *(orgs_by_hand(file.read_text()) if "routes" in file.name else ()),
        ]
        for file in files
    }
    assert {file: lines for file, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "page = await call.services.database.read(lambda conn: queries.page(conn, 7))",
        "order = await queries.order_by_id.ask(database, other, order_id)",
        "found = queries.order_by_id.look(conn, 7, order_id)",
        "from entrepot.store.engine import Database",
        "import entrepot.store.accounts",
    ],
)
def test_another_way_is_seen(line: str) -> None:
    assert list(ways_past(f"async def handler(call):\n    {line}"))


def test_an_organization_by_hand_is_seen() -> None:
    assert list(orgs_by_hand("org = call.principal.org"))
    assert not list(orgs_by_hand("call.principal.org_id"))


def test_questions_know_how_they_are_asked() -> None:
    kinds = {
        queries.order_by_id: "one statement",
        queries.order_with_reason: "one statement",
        queries.order_and_customer: "one statement",
        order_names.find: "one statement",
        queries.newest_with_reasons: "snapshot",
        queries.page_with_reasons: "long",
        queries.page_with_customers: "long",
    }
    for question, kind in kinds.items():
        assert isinstance(question, Question)
        assert question.kind == kind
