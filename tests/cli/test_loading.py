"""A start loads only the modules that the settings ask for: loading takes most of the time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from entrepot.cli import main
from entrepot.cli.main import app

# Serves until it says that it is ready, and tells which modules that took.
_SERVING = """
import asyncio, json, sys
import entrepot.cli.serve
from entrepot.serving import application

async def ready():
    said = []

    async def send(message):
        said.append(message)

    served = application()
    async with served.lifespan():
        scope = {"type": "http", "method": "GET", "path": "/health/ready", "headers": []}
        await served(scope, None, send)
    return said[0]["status"]

status = asyncio.run(ready())
print(json.dumps([status, sorted(sys.modules)]))
"""
# A web framework's makers of test data, its own command line, its form parser and its add-ons.
_NOT_TO_SERVE = {"litestar", "litestar_htmx", "faker", "polyfactory", "rich_click", "multipart",
                 "multidict", "yaml", "pytest", "hypothesis", "iso4217"}  # fmt: skip
_NOT_FOR_SQLITE = {"alembic", "mako", "asyncpg", "jwt", "cryptography"}


def _started(folder: Path, url: str = "") -> set[str]:
    """The modules and the packages that a server has loaded when it is ready."""
    env = {
        "ENTREPOT_DATABASE_URL": url or f"sqlite:///{folder / 'book.db'}",
        "ENTREPOT_SANDBOX_LEDGER": str(folder / "sandbox.db"),
    }
    done = subprocess.run(
        [sys.executable, "-c", _SERVING], check=False, capture_output=True, text=True, env=env,
        cwd=folder, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    status, modules = json.loads(done.stdout)
    assert status == 200
    return set(modules)


def test_a_book_at_head_is_served_without_what_it_does_not_need(tmp_path: Path) -> None:
    first = _started(tmp_path)
    assert first & _NOT_FOR_SQLITE == {"alembic", "mako"}, "an empty database is migrated"
    again = _started(tmp_path)
    assert again & _NOT_FOR_SQLITE == set()
    assert "sqlalchemy" in again
    assert again & _NOT_TO_SERVE == set()
    others = {f"entrepot.cli.{name}" for name in ("accounts", "book", "verify")}
    assert again & (others | {"entrepot.docs", "entrepot.edge.tokens"}) == set()


def test_a_book_on_postgresql_is_served_without_an_object_mapper(
    tmp_path: Path, postgres_url: Callable[[], str]
) -> None:
    loaded = _started(tmp_path, postgres_url())
    assert "sqlalchemy.dialects.postgresql.asyncpg" in loaded
    assert loaded & {"sqlalchemy.orm", "sqlalchemy.ext.asyncio"} == set()
    assert loaded & _NOT_TO_SERVE == set()


def test_the_runtime_lock_holds_nothing_that_only_tests_need() -> None:
    locked = Path(__file__).parents[2].joinpath("requirements.lock").read_text()
    names = {name.replace("-", "_") for name in re.findall(r"^([\w.-]+)==", locked, re.MULTILINE)}
    assert {"uvicorn", "sqlalchemy", "msgspec"} <= names
    assert names & (_NOT_TO_SERVE | {"pyyaml"}) == set()


def test_every_command_is_loaded_by_its_name() -> None:
    commands = app.resolved_commands()
    wanted = {"serve", "migrate", "verify", "retry", "demo", "org", "key", "sandbox", "docs"}
    assert wanted <= set(commands)
    for name in wanted:
        assert commands[name].name[0] == name


def test_what_knows_every_room_is_loaded_by_commands_that_need_it() -> None:
    knows = r"(wiring|serving)"
    at_once = re.compile(rf"^from entrepot(\.{knows} import| import .*\b{knows}\b)", re.MULTILINE)
    sources = Path(main.__file__).parent.glob("*.py")
    assert {one.name for one in sources if at_once.search(one.read_text())} == {"serve.py"}


# Prints the list of commands, and then which packages that took.
_LISTING = """
import sys
from collections.abc import Callable
from entrepot.cli.main import main

try:
    main()
except SystemExit:
    pass
print(sorted({name.split(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("words", [[], ["--help"], ["help"]])
def test_the_list_of_commands_says_what_each_is_for(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LISTING, *words],
        check=True, capture_output=True, text=True, timeout=60, env={"COLUMNS": "200"},
    )  # fmt: skip
    listed, _, packages = done.stdout.strip().rpartition("\n")
    for _, name, said in main.COMMANDS:
        assert re.search(rf" {name} +{re.escape(said)} ", listed), name
    assert "cyclopts" in packages
    assert not re.search("sqlalchemy|uvicorn|structlog", packages)


def test_the_list_says_of_a_command_what_its_own_help_begins_with() -> None:
    commands = app.resolved_commands()
    assert {name for name in commands if name[0] != "-"} == {name for _, name, _ in main.COMMANDS}
    for _, name, said in main.COMMANDS:
        assert " ".join(commands[name].help.split("\n\n")[0].split()) == said
