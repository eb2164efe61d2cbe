"""House rules that no linter knows. Each is a function from one source to its faults.

Every rule stands twice below: over the whole tree, and over a sample that breaks it.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "entrepot"

MIGRATIONS = "src/entrepot/store/keeping/migrations/versions/"
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
KEY_MEMBERS_MAX = 2  # an organization and an id are the key of most rows
TEXT_MIN = 100  # characters; no row has so many members
SAYS_NOTHING = frozenset(
    {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
)

# A statement's beginning in capitals or in small letters; a sentence such as "Select one" passes.
SQL_WORDS = (
    r"SELECT\s.+?\sFROM\s",
    r"INSERT\s+(OR\s+\w+\s+)?INTO\s",
    r"UPDATE\s+\S+\s+SET\s",
    r"DELETE\s+FROM\s",
    r"WITH\s+\w+\s+AS\s+\(",
    r"CREATE\s+(UNIQUE\s+)?(TABLE|INDEX)\s",
)
SQL_TEXT = re.compile(rf"\s*({'|'.join(SQL_WORDS)})", re.DOTALL | re.IGNORECASE)
SHOUTED_OR_WHISPERED = re.compile(r"\s*([A-Z]{2}|[a-z])")

# Folders that only one machine has: somebody's home, a workplace, a temporary folder.
MACHINE_PATH = re.compile(r"(?<![\w.~])/(home|root|work|farm|Users|tmp|opt|mnt)/\w")

# What only dialects know: their names, their spellings of ids, members of their bodies, and who
# answers for a payment.
DIALECTS = re.compile("synq|konvo|polinate", re.IGNORECASE)
OF_A_DIALECT = re.compile(
    r"sandbox|^(bus|prt|var|ile|itm|oi)_$"
    r"|^([a-z]+\.)?[a-z]+([A-Z][a-zA-Z]*)+$"
)

# Modules that reach the clock, chance, the environment, a file, a network or another thread.
IMPURE_MODULES = frozenset(
    {
        "asyncio",
        "concurrent",
        "ctypes",
        "glob",
        "http",
        "importlib",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "platform",
        "random",
        "secrets",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "warnings",
    }
)
IMPURE_CALLS = frozenset({"now", "utcnow", "today", "fromtimestamp", "uuid1", "uuid4", "getenv"})
IMPURE_BUILTINS = frozenset({"open", "input", "print", "breakpoint", "eval", "exec", "__import__"})


@dataclass(frozen=True)
class Source:
    """One file: its path below the repository, with forward slashes, and its text."""

    path: str
    text: str
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", self.text.splitlines())

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text)))

    def inside(self, folder: str) -> bool:
        return self.path.startswith(folder)

    @cached_property
    def texts(self) -> list[tuple[int, str]]:
        """Line and value of each string that is not prose; a hole in an f-string reads `?`."""
        prose = {id(n.value) for n in self.nodes if isinstance(n, ast.Expr)}
        parts = {id(v) for n in self.nodes if isinstance(n, ast.JoinedStr) for v in n.values}
        found = []
        for node in self.nodes:
            match node:
                case ast.JoinedStr(values=values):
                    found.append((node.lineno, "".join(literal(v) for v in values)))
                case ast.Constant(value=str(value)) if id(node) not in prose | parts:
                    found.append((node.lineno, value))
        return found


def literal(part: ast.expr) -> str:
    """The text of one part of an f-string, `?` for a hole."""
    return str(part.value) if isinstance(part, ast.Constant) else "?"


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def file_length(source: Source) -> Iterator[str]:
    """A file has at most 400 lines."""
    if source.inside(MIGRATIONS):
        return  # as for functions: a list of tables
    if len(source.lines) > MAX_FILE_LINES:
        yield f"{len(source.lines)} lines, at most {MAX_FILE_LINES}"


def function_length(source: Source) -> Iterator[str]:
    """A function has at most 60 lines, its decorators not counted."""
    if source.inside(MIGRATIONS):
        return  # a migration is a list of tables, read from top to bottom
    for node in source.nodes:
        if isinstance(node, FUNCTIONS):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield f"{node.lineno}: {node.name} has {length} lines, at most {MAX_FUNCTION_LINES}"


def telling_names(source: Source) -> Iterator[str]:
    """No file or folder has a name under which anything could stand."""
    for part in source.path.removesuffix(".py").split("/"):
        if part.strip("_") in SAYS_NOTHING:
            yield f"the name {part} says nothing"


def sql_in_the_store(source: Source) -> Iterator[str]:
    """No statement's text outside src/entrepot/store."""
    # The sandbox provider plays another company: its ledger is no part of our store.
    if (
        source.inside("src/entrepot/store/")
        or source.path == "src/entrepot/providers/sandbox_ledger.py"
    ):
        return
    for line, text in source.texts:
        if SQL_TEXT.match(text) and SHOUTED_OR_WHISPERED.match(text):
            yield f"{line}: SQL text outside the store"


def pure_core(source: Source) -> Iterator[str]:
    """The core reads no clock, no chance, no environment and no file."""
    if not source.inside("src/entrepot/core/"):
        return
    for node in source.nodes:
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_CALLS:
                yield f"{node.lineno}: {name}() in the core"
                continue
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_BUILTINS | IMPURE_CALLS:
                yield f"{node.lineno}: {name}() in the core"
                continue
            case ast.AsyncFunctionDef() | ast.Await():
                yield f"{node.lineno}: async in the core"
                continue
            case _:
                continue
        for impure in {m.split(".")[0] for m in modules} & IMPURE_MODULES:
            yield f"{node.lineno}: {impure} in the core"


ENGINE_ASKED = re.compile(r"\.dialect\.name\b|\bis_sqlite\b|\bis_postgres\b|\bisinstance\(.*Sql\b")


def one_object_an_engine(source: Source) -> Iterator[str]:
    """What differs between the engines stands in their objects; nobody else asks which it is."""
    if not source.inside("src/entrepot/store/") or source.inside(MIGRATIONS):
        return  # a migration is of one moment, and says what each engine had to do then
    for number, line in enumerate(source.lines, 1):
        if ENGINE_ASKED.search(line):
            yield f"{number}: asks which engine it is; see store/engines/sql.py"


_WIRED = frozenset({"writer", "worker", "holding"})


def members_by_name(source: Source) -> Iterator[str]:
    """No slice of a row by places: members have names, and conversion is generated.

    Texts and digests are cut elsewhere: where ids and keys are made, and to 100 characters or more.
    """
    rows_are_here = source.inside("src/entrepot/store/") or source.inside("src/entrepot/core/")
    if not rows_are_here or source.inside(MIGRATIONS):
        return
    if source.path.endswith(("core/ids.py", "core/payment_keys.py", "decide/notify.py")):
        return
    for node in source.nodes:
        if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)):
            continue
        bounds = [
            bound.value
            for bound in (node.slice.lower, node.slice.upper)
            if isinstance(bound, ast.Constant) and isinstance(bound.value, int)
        ]
        if any(KEY_MEMBERS_MAX < bound < TEXT_MIN for bound in bounds):
            yield f"{node.lineno}: a slice by places"


def wired_once(source: Source) -> Iterator[str]:
    """Writer, holding and worker are given each other by their constructors, and stay as made."""
    if not source.inside("src/entrepot/"):
        return
    for node in source.nodes:
        match node:
            case ast.Assign(targets=targets):
                pass
            case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
                targets = [target]
            case _:
                continue
        parts = [part for one in targets for part in ast.walk(one)]
        for part in parts:
            match part:
                case ast.Attribute(ctx=ast.Store(), value=ast.Name(id=owner)):
                    pass
                case ast.Attribute(ctx=ast.Store(), value=ast.Attribute(attr=owner)):
                    pass
                case _:
                    continue
            if owner.strip("_") in _WIRED:
                yield f"{part.lineno}: sets {owner}.{part.attr} from outside"


def core_knows_no_dialect(source: Source) -> Iterator[str]:
    """No dialect's name, spelling of ids or policy in the core: a command carries what it wants."""
    if not source.inside("src/entrepot/core/"):
        return
    for number, line in enumerate(source.lines, 1):  # prose and names as well
        if DIALECTS.search(line):
            yield f"{number}: names a dialect: {line.strip()[:60]}"
    for number, text in source.texts:
        if OF_A_DIALECT.search(text):
            yield f"{number}: of a dialect: {text[:60]!r}"


def no_print(source: Source) -> Iterator[str]:
    """Only the command line prints; everything else logs."""
    if not source.inside("src/entrepot/") or source.inside("src/entrepot/cli/"):
        return
    for node in source.nodes:
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield f"{node.lineno}: print outside the command line"


def no_machine_path(source: Source) -> Iterator[str]:
    """No path that only one machine has, in code, comment or prose."""
    for number, line in enumerate(source.lines, 1):
        if MACHINE_PATH.search(line):
            yield f"{number}: a path of one machine"


Rule = Callable[[Source], Iterator[str]]
PYTHON_RULES: tuple[Rule, ...] = (
    file_length,
    function_length,
    telling_names,
    sql_in_the_store,
    pure_core,
    one_object_an_engine,
    members_by_name,
    wired_once,
    core_knows_no_dialect,
    no_print,
    no_machine_path,
)


def python_sources() -> list[Source]:
    """The package's and the tests' sources; this file names what it forbids and is left out."""
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *ROOT.glob("bench/**/*.py")]
    return [
        Source(f.relative_to(ROOT).as_posix(), f.read_text(encoding="utf-8"))
        for f in sorted(files)
        if f != Path(__file__)
    ]


@pytest.mark.parametrize("rule", PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_the_sources_are_tidy(rule: Rule) -> None:
    sources = python_sources()
    if rule is sql_in_the_store:  # a test may look into the rows behind the store's back
        sources = [s for s in sources if s.inside("src/")]
    assert any(s.inside("src/") for s in sources), "no sources found"
    faults = [f"{s.path}:{fault}" for s in sources for fault in rule(s)]
    assert faults == [], rule.__doc__


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
    (file_length, "src/entrepot/edge/app.py", "x = 1\n" * 401),
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
        ("src/entrepot/edge/app.py", "x = 1\n" * 400),
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
