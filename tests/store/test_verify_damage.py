"""A damaged SQLite book: what is wrong is reported, the rest is asked, and nothing is written."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, Inspector, Table
from tests.store.known_orders import KnownOrders
from tests.store.verify_book import healthy_book, operation_key

from entrepot.cli import verify as command
from entrepot.cli.session import OperatorError
from entrepot.core.ids import dashed
from entrepot.store import schema
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.store.verify import drift, verify

TABLES = [table.name for table in schema.metadata.sorted_tables]


class Healthy(NamedTuple):
    """A healthy book that was closed, the ids of what is in it, and what an audit finds sound."""

    path: Path
    ids: dict[str, bytes]
    orders: KnownOrders
    schemas: KnownSchemas


class KnownSchemas:
    """The faults of each table's schema, by all that the book says of the table. Looking at schemas
    takes a fifth of an audit, and most tables are the same in every damaged book.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    @contextmanager
    def passed_over(self) -> Iterator[None]:
        """An audit within looks at no schema of a table that it knows."""
        look = drift._look

        def looked(found: Inspector, table: Table) -> Any:
            assert isinstance(found.bind, Connection)
            asked = "SELECT name, sql FROM sqlite_schema WHERE tbl_name = ? ORDER BY rowid"
            stated = tuple(map(tuple, found.bind.exec_driver_sql(asked, (table.name,))))
            if stated not in self._known:
                self._known[stated] = look(found, table)
            return self._known[stated]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(drift, "_look", looked)
            yield


@pytest.fixture(scope="module")
def healthy(fresh_database: Callable[[str], str]) -> Healthy:
    url = fresh_database("sqlite")
    orders = KnownOrders()

    async def make() -> dict[str, bytes]:
        database = open_database(url)
        made = await healthy_book(database)
        with orders.learned():
            audit = partial(verify, operation_key=operation_key)
            assert (await database.read(audit)).ok
        await database.close()
        return made.ids

    ids = asyncio.run(make())
    return Healthy(Path(url.removeprefix("sqlite:///")), ids, orders, KnownSchemas())


class Copy:
    """A copy of the healthy book, to be damaged."""

    def __init__(self, path: Path, of: Healthy, say: Callable[[], str]) -> None:
        self.path = path
        self.ids = of.ids
        self._of = of
        self._say = say

    def do(self, *statements: str, **values: Any) -> None:
        book = sqlite_driver.connect(str(self.path), isolation_level=None)
        for statement in statements:
            book.execute(statement, values)
        book.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        book.close()

    def page_of(self, name: str) -> int:
        """The first page of a table or an index."""
        book = sqlite_driver.connect(str(self.path))
        found = book.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,))
        number: int = found.fetchone()[0]
        book.close()
        return number

    def overwrite(self, page: int, content: bytes = b"\xa5" * 4096) -> None:
        with self.path.open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(content)

    def verify(self) -> tuple[int, dict[str, Any]]:
        """Exit code and what `--json` says."""
        try:
            command.verify(as_json=True)
        except SystemExit as ended:
            return int(str(ended.code)), json.loads(self._say())
        except OperatorError:
            return 2, json.loads(self._say())
        return 0, json.loads(self._say())

    def found(self) -> dict[str, list[dict[str, Any]]]:
        """The witnesses of each invariant that does not hold. Orders and schemas of the healthy
        book are not compared again.
        """
        with self._of.orders.passed_over(), self._of.schemas.passed_over():
            code, said = self.verify()
        assert (code, said["ok"]) == (1, False), said
        return {one["invariant"]: one["witnesses"] for one in said["violations"]}


@pytest.fixture
def book(
    healthy: Healthy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Copy:  # fmt: skip
    path = tmp_path / "a book.db"
    shutil.copyfile(healthy.path, path)
    monkeypatch.setenv("ENTREPOT_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setattr(command, "keys_by", lambda *_: operation_key)
    # The book's times are those of the tests.
    monkeypatch.setattr(command, "now", lambda: 1_750_000_000_000_000)
    return Copy(path, healthy, lambda: capsys.readouterr().out)


def test_a_healthy_file_is_clean_and_not_touched(book: Copy) -> None:
    before = book.path.read_bytes()
    code, said = book.verify()
    assert (code, said["ok"], said["violations"]) == (0, True, [])
    assert book.path.read_bytes() == before
    assert [one.name for one in book.path.parent.iterdir()] == [book.path.name]


def test_a_book_with_a_log_is_read_with_it_and_neither_is_touched(book: Copy) -> None:
    # Its last commits are in the log, as after a kill.
    writer = sqlite_driver.connect(str(book.path), isolation_level=None)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("DELETE FROM jobs WHERE order_id = ?", (book.ids["placed"],))
    killed = book.path.parent / "killed"
    killed.mkdir()
    for one in book.path.parent.glob(f"{book.path.name}*"):
        shutil.copyfile(one, killed / one.name)
    writer.close()
    for one in killed.iterdir():
        shutil.move(one, book.path.parent / one.name)
    names = sorted(one.name for one in book.path.parent.iterdir() if one.is_file())
    log = book.path.with_name(book.path.name + "-wal")
    before = (book.path.read_bytes(), log.read_bytes())
    assert before[1]
    assert set(book.found()) == {"HAS_A_JOB"}
    assert (book.path.read_bytes(), log.read_bytes()) == before
    assert sorted(one.name for one in book.path.parent.iterdir() if one.is_file()) == names


PAGES = (
    "orders", "order_lines", "events", "idempotency_keys", "jobs", "orders_number",
    "jobs_due", "installation",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_damaged_is_reported_and_the_rest_is_asked(book: Copy, name: str) -> None:
    book.do("UPDATE stock_levels SET reserved = reserved + 1 WHERE variant_id = :mug",
            mug=book.ids["hard_tee"])  # fmt: skip
    book.overwrite(book.page_of(name))
    found = book.found()
    assert "DAMAGE" in found
    assert "RESERVED_SUM" in found, "what is not damaged is asked all the same"


def test_a_truncated_file_is_a_finding(book: Copy) -> None:
    whole = book.path.read_bytes()
    for part in (0.9, 0.5, 0.1):
        book.path.write_bytes(whole[: int(len(whole) * part)])
        assert "DAMAGE" in book.found()


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("orders", "total", "'much'"),
        ("orders", "version", "x'00'"),
        ("orders", "origin", "x'00'"),
        ("orders", "created_at", "1.5"),
        ("orders", "address", "'{'"),
        ("orders", "metadata", "'a'"),
        ("order_lines", "details", "'[1,'"),
        ("events", "body", "''"),
        ("customers", "own_ids", "'x'"),
        ("item_lists", "properties", "'{a: 1}'"),
        ("orders", "parked", "'maybe'"),
        ("orders", "parked", "2"),
        ("stock_levels", "soft", "-1"),
        ("order_lines", "quantity", "'three'"),
        ("order_lines", "title", "x'ff'"),
        ("events", "body", "x'ff00'"),
        ("events", "at", "'noon'"),
        ("jobs", "run_at", "'tomorrow'"),
        ("payments", "amount_units", "'all'"),
        ("payment_operations", "units", "'all'"),
        ("idempotency_keys", "body", "7"),
        ("idempotency_keys", "status", "'fine'"),
        ("stock_levels", "on_hand", "'some'"),
        ("customers", "updated_at", "x''"),
    ],
)
def test_a_value_of_another_type_is_named_by_table_column_and_key(
    book: Copy, table: str, column: str, value: str
) -> None:
    book.do("PRAGMA ignore_check_constraints = ON", f"UPDATE {table} SET {column} = {value}")
    witnesses = book.found()["DAMAGE"]
    assert {"table", "wrong_type", "org"} <= set(witnesses[0])
    assert (witnesses[0]["table"], witnesses[0]["wrong_type"]) == (table, column)


@pytest.mark.parametrize(
    ("table", "change", "condition"),
    [
        ("jobs", "state = 'duex'", "state_known"),
        ("orders", "stage = ''", "stage_known"),
        ("orders", "version = 0", "version_counts"),
        ("organizations", "allocation = 'SOFTLY'", "allocation_known"),
        ("stock_levels", "reserved = -1", "reserved_not_negative"),
        ("shipment_lines", "quantity = 0", "shipment_positive"),
    ],
)
def test_a_value_that_its_table_keeps_out_is_named_by_the_condition(
    book: Copy, table: str, change: str, condition: str
) -> None:
    """A connection that only reads does not know the conditions, and so does not its own look."""
    book.do("PRAGMA ignore_check_constraints = ON", f"UPDATE {table} SET {change}")
    witnesses = book.found()["DAMAGE"]
    assert {one["table"] for one in witnesses} == {table}
    assert {one["kept_out_by"] for one in witnesses} == {condition}
    assert "org" in witnesses[0]


def test_one_value_of_another_type_hides_nothing_else(book: Copy) -> None:
    book.do("UPDATE orders SET total = 'much' WHERE id = :id", id=book.ids["confirmed"])
    book.do("UPDATE order_lines SET quantity = 'few' WHERE order_id = :id", id=book.ids["placed"])
    book.do("UPDATE orders SET subtotal = subtotal + 1 WHERE id = :id", id=book.ids["mirrored"])
    found = book.found()
    assert {one["order"] for one in found["SUBTOTAL"]} == {dashed(book.ids["mirrored"])}
    keys = {one.get("order_id", one.get("id")) for one in found["DAMAGE"]}
    assert dashed(book.ids["confirmed"]) in keys
    assert dashed(book.ids["placed"]) in keys, found["DAMAGE"]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_is_gone_is_named(book: Copy, table: str) -> None:
    book.do("PRAGMA foreign_keys = OFF", f"DROP TABLE {table}")
    found = book.found()
    assert {"missing_table": table} in found["SCHEMA"]
    assert any("no such table" in str(one) for one in found["DAMAGE"])


def test_a_book_without_its_secret_or_its_stamp_is_a_finding(book: Copy) -> None:
    book.do("DELETE FROM installation")
    assert set(book.found()) == {"SECRET"}
    book.do("DROP TABLE alembic_version")
    assert set(book.found()) == {"SECRET", "SCHEMA"}


@pytest.mark.parametrize(
    ("revision", "says"), [("9999", "newer than this program"), ("0001", "entrepot migrate")]
)
def test_another_schema_could_not_be_asked(book: Copy, revision: str, says: str) -> None:
    book.do(f"UPDATE alembic_version SET version_num = '{revision}'")
    code, said = book.verify()
    assert (code, said["ok"], said["violations"]) == (2, None, [])
    assert says in said["error"]
    assert migrate.head() in said["error"]


def test_what_is_no_book_could_not_be_asked(book: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = book.path.parent
    (folder / "junk.db").write_bytes(b"this is no database" * 1000)
    (folder / "empty.db").write_bytes(b"")
    for name, says in (
        ("junk.db", "not an order book"), ("empty.db", "no order book"),
        ("absent.db", "no order book"), (".", "folder"), ("none/absent.db", "no order book"),
    ):  # fmt: skip
        monkeypatch.setenv("ENTREPOT_DATABASE_URL", f"sqlite:///{folder / name}")
        code, said = book.verify()
        assert (code, said["ok"]) == (2, None), name
        assert says in said["error"]
        assert "\n" not in said["error"]
    assert not (folder / "absent.db").exists()
    assert not (folder / "none").exists()


def test_rows_are_asked_of_a_table_that_an_index_shows_as_empty(book: Copy) -> None:
    book.do("UPDATE jobs SET kind = 'dance' WHERE order_id = :placed", placed=book.ids["placed"])
    [found] = book.found()["KNOWN_STEPS"]
    assert found["kind"] == "dance"
    # The root of an index in which nothing is. SQLite counts rows by this index.
    book.overwrite(book.page_of("jobs_due"), b"\x0a\0\0\0\0\x10\0\0".ljust(4096, b"\0"))
    _, said = book.verify()
    assert said["checked"]["jobs"] == 0
    assert book.found()["KNOWN_STEPS"] == [found]
