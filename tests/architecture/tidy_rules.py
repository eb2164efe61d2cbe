"""House rules that no linter knows. Each is a function from one source to its faults."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "entrepot"

MIGRATIONS = "src/entrepot/store/keeping/migrations/versions/"
MAX_FILE_LINES = 390
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

# Things that only dialects know: their names, their spellings of ids, members of their bodies, and
# who answers for a payment.
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
    """A file has at most 390 lines. Migrations are left out: each is a list of tables."""
    if source.inside(MIGRATIONS):
        return
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


# The sandbox and the simulators play other companies: their ledgers are no part of our store.
OTHER_COMPANIES = frozenset(
    {"src/entrepot/providers/sandbox_ledger.py", "src/entrepot/simulators/ledger.py"}
)


def sql_in_the_store(source: Source) -> Iterator[str]:
    """No statement's text outside src/entrepot/store."""
    if source.inside("src/entrepot/store/") or source.path in OTHER_COMPANIES:
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
    """The engines differ in their objects only; no other code asks which engine it is."""
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
