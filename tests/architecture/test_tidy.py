"""Each house rule over the whole tree, and over samples that break the rule."""

import re
from functools import cache

import pytest
from tests.architecture.tidy_rules import (
    MIGRATIONS,
    PACKAGE,
    PYTHON_RULES,
    ROOT,
    Rule,
    Source,
    core_knows_no_dialect,
    file_length,
    function_length,
    members_by_name,
    no_machine_path,
    no_print,
    one_object_an_engine,
    pure_core,
    sql_in_the_store,
    telling_names,
    wired_once,
)


def python_sources() -> list[Source]:
    """The package's and the tests' sources. The rules and their samples name what they forbid."""
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *ROOT.glob("bench/**/*.py")]
    return [
        Source(f.relative_to(ROOT).as_posix(), f.read_text(encoding="utf-8"))
        for f in sorted(files)
        if f.name not in ("tidy_rules.py", "test_tidy.py")
    ]


@cache
def faults_of() -> dict[Rule, list[str]]:
    """The faults by each rule. Each source is read once, for all rules."""
    found: dict[Rule, list[str]] = {rule: [] for rule in PYTHON_RULES}
    sources = python_sources()
    assert any(s.inside("src/") for s in sources), "no sources found"
    while sources:
        source = sources.pop(0)
        for rule, faults in found.items():
            # A test may look into the rows behind the store's back.
            if rule is not sql_in_the_store or source.inside("src/"):
                faults += [f"{source.path}:{fault}" for fault in rule(source)]
    return found


@pytest.mark.parametrize("rule", PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_the_sources_are_tidy(rule: Rule) -> None:
    assert faults_of()[rule] == [], rule.__doc__


def test_the_project_files_name_no_machine() -> None:
    names = ("Makefile", "pyproject.toml", ".ci/run", "requirements*.in", "requirements*.lock")
    files = [f for name in names for f in ROOT.glob(name)] + sorted(ROOT.glob("docs/**/*.md"))
    files += [f for f in sorted(ROOT.glob("*.md")) if f.is_file()]
    faults = [
        f"{f.relative_to(ROOT)}:{fault}"
        for f in files
        for fault in no_machine_path(Source(f.name, f.read_text(encoding="utf-8")))
    ]
    assert len(files) >= 7
    assert faults == []


def test_the_locks_pin_every_version_with_hashes_and_name_no_registry() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert lock_faults((ROOT / lock).read_text(encoding="utf-8")) == [], lock


def lock_faults(text: str) -> list[str]:
    """Entries of a lock without version or hash, and lines that name a host or an option."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", "\n" + text.replace("\\\n", " "))[1:]
    faults = [e.split()[0] for e in entries if not re.match(r"\S+==\S+ .*--hash=sha256:\w{64}", e)]
    faults += [ln for ln in text.splitlines() if re.search(r"://|index-url|find-links|^-", ln)]
    return faults


SAMPLES: list[tuple[Rule, str, str]] = [
    (members_by_name, "src/entrepot/store/writing/flush.py", "x = row[3:]\n"),
    (members_by_name, "src/entrepot/core/facts.py", "x = (*o[9:12], o.total)\n"),
    (file_length, "src/entrepot/edge/app.py", "x = 1\n" * 391),
    (function_length, "src/entrepot/edge/app.py", "def f():\n" + "    x = 1\n" * 60),
    (function_length, "tests/edge/test_app.py", "async def f():\n" + "    x = 1\n" * 60),
    (telling_names, "src/entrepot/edge/utils.py", ""),
    (telling_names, "src/entrepot/common/money.py", ""),
    (telling_names, "src/entrepot/edge/_base.py", ""),
    (sql_in_the_store, "src/entrepot/writer/batch.py", 'q = "SELECT id FROM orders WHERE org = ?"'),
    (sql_in_the_store, "src/entrepot/edge/app.py", 'q = f"select {a} from orders"'),
    (sql_in_the_store, "src/entrepot/edge/app.py", 'q = """\n  INSERT INTO orders VALUES (1)"""'),
    (sql_in_the_store, "src/entrepot/edge/app.py", 'q = "INSERT OR IGNORE INTO orders VALUES"'),
    (sql_in_the_store, "src/entrepot/cli/main.py", 'q = "update orders set stage = 1"'),
    (sql_in_the_store, "src/entrepot/outbox/feed.py", 'q = "DELETE FROM events"'),
    (pure_core, "src/entrepot/core/order.py", "import time"),
    (pure_core, "src/entrepot/core/order.py", "from os import environ"),
    (pure_core, "src/entrepot/core/decide/place.py", "import os.path"),
    (pure_core, "src/entrepot/core/order.py", "from random import choice"),
    (pure_core, "src/entrepot/core/order.py", "import datetime\nx = datetime.datetime.now()"),
    (pure_core, "src/entrepot/core/order.py", "from uuid import uuid4\nx = uuid4()"),
    (pure_core, "src/entrepot/core/order.py", "x = open('a')"),
    (pure_core, "src/entrepot/core/order.py", "async def f(): ..."),
    (one_object_an_engine, "src/entrepot/store/queue.py", 'if conn.dialect.name == "sqlite": ...'),
    (one_object_an_engine, "src/entrepot/store/writing/spans.py", "if bulk.is_sqlite(conn): ..."),
    (one_object_an_engine, "src/entrepot/store/a.py", "if isinstance(sql_of(c), SqliteSql): ..."),
    (wired_once, "src/entrepot/pipeline/worker.py", "self._writer.on_jobs = self._take"),
    (wired_once, "src/entrepot/pipeline/worker.py", "a, writer.lease = 1, lambda: 0"),
    (wired_once, "src/entrepot/wiring.py", "worker.writer.holder: int = 1"),
    (core_knows_no_dialect, "src/entrepot/core/decide/place.py", 'x = source == "polinate"'),
    (core_knows_no_dialect, "src/entrepot/core/decide/reserve.py", 'x = "sandbox"'),
    (core_knows_no_dialect, "src/entrepot/core/own_ids.py", 'x = spelled(text, "prt_")'),
    (core_knows_no_dialect, "src/entrepot/core/shown.py", "x = words.konvo_shipment"),
    (core_knows_no_dialect, "src/entrepot/core/decide/amend.py", 'x = "order.totalAmount"'),
    (core_knows_no_dialect, "src/entrepot/core/decide/amend.py", 'x = "itemVariantId"'),
    (core_knows_no_dialect, "src/entrepot/core/shown.py", 'x = told.get("firstName")'),
    (no_print, "src/entrepot/edge/app.py", "print('hello')"),
    (no_machine_path, "src/entrepot/edge/app.py", "# see /" + "home/somebody/notes"),
    (no_machine_path, "tests/edge/test_app.py", "p = '/" + "tmp/entrepot.db'"),
]


@pytest.mark.parametrize(("rule", "path", "text"), SAMPLES)
def test_a_fault_is_seen(rule: Rule, path: str, text: str) -> None:
    assert len(list(rule(Source(path, text)))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/entrepot/edge/app.py", "x = 1\n" * 390),
        ("src/entrepot/edge/app.py", "def f():\n" + "    x = 1\n" * 59),
        (f"{MIGRATIONS}0001_a.py", "def f():\n" + "    x = 1\n" * 60),
        ("src/entrepot/store/orders.py", 'q = "SELECT id FROM orders WHERE org = ?"'),
        ("src/entrepot/edge/app.py", 'm = "Select one of the locations from the list"[:6]'),
        ("src/entrepot/edge/app.py", 'm = "Update the order, then set its stage"'),
        ("src/entrepot/edge/app.py", 'm = "Delete an item from the order"'),
        ("src/entrepot/edge/app.py", '"""SELECT FROM is what the store says."""'),
        ("src/entrepot/core/ids.py", "from uuid import UUID\nx = UUID(int=1)"),
        ("src/entrepot/cli/main.py", "print('hello')"),
        ("src/entrepot/pipeline/worker.py", "self._writer = writer\nwriter.submit(1)"),
        ("src/entrepot/edge/app.py", "route = '/api/v1/orders'"),
        (f"{MIGRATIONS}0001_a.py", "if op.get_bind().dialect.name == 'sqlite': ..."),
        ("src/entrepot/edge/app.py", "route = '/v1/work/orders'"),
    ],
)
def test_what_keeps_the_rules_is_let_through(path: str, text: str) -> None:
    source = Source(path, text)
    assert [fault for rule in PYTHON_RULES for fault in rule(source)] == []


def test_a_lock_that_is_not_pinned_is_seen() -> None:
    good = "alembic==1.0 \\\n    --hash=sha256:" + "a" * 64 + "\n    # via entrepot\n"
    assert lock_faults(good) == []
    assert lock_faults("alembic>=1.0\n") == ["alembic>=1.0"]
    assert lock_faults("alembic==1.0\n") == ["alembic==1.0"]
    assert lock_faults("--index-url x\n" + good) == ["--index-url x"]
