"""Payment attempts of an older book become payments with operations, of which one is live."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, select, text

from entrepot.core.money import Amount
from entrepot.core.payment import FullPayment, Operation, full_payments
from entrepot.core.payment_keys import operation_key
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.store.writing import writes

ATTEMPT = (
    "INSERT INTO payment_attempts (org, order_id, number, key, provider, service, reference, "
    "amount_units, amount_scale, currency, state, provider_reference, created_at, updated_at) "
    "VALUES (:org, :order_id, :number, :key, 'Stripe', 'sandbox', 'pi', 1250, 2, 'EUR', :state, "
    ":provider_reference, 5, 9)"
)
# The state of an attempt and whether it has a reference; then its operations, and the facet.
BECOMES = [
    ("prepared", False, [("authorise", "prepared")], "pending"),
    ("authorized", True, [("authorise", "done")], "authorized"),
    ("declined", False, [("authorise", "declined")], "declined"),
    ("voiding", True, [("authorise", "done"), ("void", "prepared")], "authorized"),
    ("voiding", False, [("authorise", "prepared"), ("void", "prepared")], "pending"),
    ("voided", True, [("authorise", "given_up"), ("void", "done")], "voided"),
    ("voided", False, [("authorise", "given_up"), ("void", "done")], "voided"),
    ("expired", False, [("authorise", "given_up"), ("void", "done")], "voided"),
]
MANY = 1_250  # more than a page of voids


def attempts() -> list[dict[str, Any]]:
    """One of each sort, then a declined one that another followed, then many voided ones."""
    sorts = [(state, told) for state, told, _, _ in BECOMES]
    made = [_attempt(n, 1, state, told) for n, (state, told) in enumerate(sorts)]
    made.append(_attempt(2, 2, "authorized", True))
    made.extend(_attempt(n, 1, "voided", True, org=n % 3) for n in range(100, 100 + MANY))
    return made


def _attempt(n: int, number: int, state: str, told: bool, org: int = 7) -> dict[str, Any]:
    return {
        "org": org, "order_id": n.to_bytes(16, "big"), "number": number,
        "key": f"key-{n}-{number}", "state": state,
        "provider_reference": f"ref-{n}" if told else None,
    }  # fmt: skip


def _payments(conn: Connection) -> dict[tuple[int, bytes], list[FullPayment]]:
    payments = [
        schema.PAYMENTS.from_row(tuple(row)) for row in conn.execute(select(schema.payments))
    ]
    its = [
        schema.OPERATIONS.from_row(tuple(row))
        for row in conn.execute(select(schema.payment_operations))
    ]
    of: dict[tuple[int, bytes], list[Any]] = {}
    for one in its:
        of.setdefault((one.org, bytes(one.order_id)), []).append(one)
    return {
        (one.org, bytes(one.order_id)): full_payments(
            [other for other in payments if other[:2] == one[:2]], of[one.org, one.order_id]
        )
        for one in payments
    }


async def test_attempts_become_payments_and_go_back(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    told = attempts()
    await database.write(lambda conn: command.upgrade(migrate._config(conn), "0019"))
    await database.write(lambda conn: conn.execute(text(ATTEMPT), told))
    await database.write(lambda conn: command.upgrade(migrate._config(conn), "0020"))
    found = await database.read(_payments)
    for n, (_, referred, asked, stands) in enumerate(BECOMES):
        full = found[7, n.to_bytes(16, "big")][0]
        payment, first = full.payment, full.authorisation
        assert (payment.provider, payment.service, payment.reference) == ("Stripe", "sandbox", "pi")
        assert (payment.amount, payment.currency) == (Amount(1250, 2), "EUR")
        assert [(one.kind, one.state) for one in full.operations] == asked
        assert full.facet == stands
        # Providers know a payment by this key.
        assert (first.key, first.units) == (f"key-{n}-1", 1250)
        assert first.provider_reference == (f"ref-{n}" if referred else None)
        for one in full.operations[1:]:
            assert one.key == operation_key(first.key, 7, first.order_id, one.kind, one.number)
            assert (one.units, one.created_at) == (1250, 9)
    assert [one.payment.number for one in found[7, (2).to_bytes(16, "big")]] == [1, 2]
    keys = {one.key for listed in found.values() for full in listed for one in full.operations}
    assert len(keys) == sum(len(full.operations) for listed in found.values() for full in listed)
    assert sum(len(listed) for listed in found.values()) == len(told)

    await database.write(lambda conn: command.downgrade(migrate._config(conn), "0019"))
    columns = "org, order_id, number, key, state, provider_reference"
    rows = await database.read(
        lambda conn: conn.execute(text(f"SELECT {columns} FROM payment_attempts")).all()
    )
    # A payment that expired is one that was voided: neither has money.
    expected = {
        tuple({**one, "state": one["state"].replace("expired", "voided")}.values()) for one in told
    }
    assert {(row[0], bytes(row[1]), *row[2:]) for row in rows} == expected
    await database.close()


@pytest.mark.parametrize("state", ["prepared", "running", "done", "declined", "given_up"])
async def test_a_payment_has_one_authorisation_which_is_its_first_operation(
    database: Database, state: str
) -> None:
    asked = Operation(7, b"o" * 16, 1, 1, "authorise", 5, "key", "prepared", None, 1, 1)
    void = asked._replace(number=2, kind="void")
    await _put(database, asked, void)
    for other in (asked._replace(number=3, state=state), void._replace(payment=2, number=1)):
        with pytest.raises(Exception, match="authorisation_first"):
            await _put(database, other)
    with pytest.raises(Exception, match=r"(?i)unique|conflict|duplicate"):
        await _put(database, asked._replace(key="other", state=state))
    await _put(database, asked._replace(payment=2, state=state))


async def test_payments_have_one_authorisation_before_the_key_says_so_and_behind(
    empty_database_url: str,
) -> None:
    database = open_database(empty_database_url)
    await database.write(lambda conn: command.upgrade(migrate._config(conn), "0064"))
    asked = Operation(7, b"o" * 16, 1, 1, "authorise", 5, "key", "done", None, 1, 1)
    await _put(database, asked, asked._replace(number=2, kind="void"))
    for move, to in ((command.upgrade, "0065"), (command.downgrade, "0064")):
        await database.write(lambda conn, move=move, to=to: move(migrate._config(conn), to))
        with pytest.raises(Exception, match=r"(?i)unique|conflict|duplicate|authorisation_first"):
            await _put(database, asked._replace(number=3, key="other"))
        assert await migrate.revision(database) == to
    await database.close()


async def _put(database: Database, *operations: Operation) -> None:
    table, columns = schema.payment_operations, schema.OPERATIONS.columns
    rows = [schema.OPERATIONS.to_row(one) for one in operations]
    await database.write(lambda conn: writes.insert(conn, table, columns, rows))


async def test_a_captured_payment_does_not_go_back(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    await database.write(lambda conn: command.upgrade(migrate._config(conn), "0019"))
    told = [_attempt(1, 1, "authorized", True)]
    await database.write(lambda conn: conn.execute(text(ATTEMPT), told))
    await database.write(lambda conn: command.upgrade(migrate._config(conn), "0020"))
    captured = (
        "INSERT INTO payment_operations (org, order_id, payment, number, kind, units, key, state, "
        "created_at, updated_at) SELECT org, order_id, payment, 2, 'capture', units, 'k', 'done', "
        "created_at, updated_at FROM payment_operations"
    )
    await database.write(lambda conn: conn.execute(text(captured)))
    with pytest.raises(RuntimeError, match="captures and refunds"):
        await database.write(lambda conn: command.downgrade(migrate._config(conn), "0019"))
    assert await migrate.revision(database) == "0020"
    await database.close()
