"""Whether the book can be read at all: its pages and indexes, and the values in its rows."""

from __future__ import annotations

from entrepot.store import schema
from entrepot.store.engines.sql import sql_of
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.relations import check_relations
from entrepot.store.verify.values import Sound, check_values

_FAULTS_MAX = 100


def check_damage(asking: Asking) -> tuple[Sound, dict[str, int]]:
    """Look at the file, and at each value. Gives the conditions of the rows that can be read, of
    tables with others; and of tables whose rows were counted meanwhile, how many.
    """
    if sql_of(asking.conn).types_values:
        counted = check_relations(asking)
        return check_values(asking), counted
    if asking.ask("the file", lambda: _pages(asking, str(_FAULTS_MAX))) is None:
        # Some damage ends SQLite's own look, which then goes by table.
        for table in schema.metadata.sorted_tables:
            asking.ask(f"the pages of {table.name}", lambda table=table: _pages(asking, table.name))  # type: ignore[misc]
    return check_values(asking), {}


def _pages(asking: Asking, what: str) -> bool:
    """SQLite's own look at pages, at the order of keys and at constraints. `what` is a table, or
    how many faults are told of all of them.
    """
    found = asking.conn.exec_driver_sql(f"PRAGMA quick_check({what})")
    for (told,) in found.all():
        if told == "ok":
            continue
        for line in str(told).splitlines():
            if line.strip("* ") and not line.startswith("*** in database"):
                asking.findings.add("DAMAGE", page=line)
    return True
