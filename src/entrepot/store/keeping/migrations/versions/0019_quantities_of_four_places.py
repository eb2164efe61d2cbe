"""Quantities have up to four decimal places: whole units become ten-thousandths.

Quantities in events, answers and digests are as people and senders wrote them, and stay.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ONE = 10_000
# The most whole units that fit, with room for a sum of two; the scale when this was written.
_MOST = 2**49
_COLUMNS = {
    "order_lines": ("quantity",),
    "reservations": ("quantity", "shipped"),
    "stock_levels": ("on_hand", "reserved"),
    "stock_entries": ("delta",),
}


def upgrade() -> None:
    """Make the change.

    Raises:
        RuntimeError: the book has a number that is too large for ten-thousandths.
    """
    for table, columns in _COLUMNS.items():
        for column in columns:
            _require_room(table, column)
    _each("{} * " + str(_ONE))


def downgrade() -> None:
    """Take it back.

    Raises:
        RuntimeError: the book has a quantity with a fraction, which the version before cannot keep.
    """
    for table, columns in _COLUMNS.items():
        for column in columns:
            broken = _count(table, f"{column} % {_ONE} <> 0")
            if broken:
                sentence = f"rows of {table} whose {column} has a fraction: {broken}; the version"
                raise RuntimeError(f"{sentence} before cannot keep them; restore a backup of it")
    _each("{} / " + str(_ONE))


def _require_room(table: str, column: str) -> None:
    beyond = _count(table, f"{column} NOT BETWEEN {-_MOST} AND {_MOST}")
    if beyond:
        raise RuntimeError(
            f"rows of {table} whose {column} is beyond {_MOST}: {beyond}; a quantity is at most so "
            "much from this version on; correct them with the version that you had (stock: by "
            "adjusting it), then migrate again"
        )


def _count(table: str, condition: str) -> int:
    found: int = (
        op.get_bind()
        .execute(sa.text(f"SELECT count(*) FROM {table} WHERE {condition}"))
        .scalar_one()
    )
    return found


def _each(said: str) -> None:
    """Set every quantity to what is said of it.

    PostgreSQL rewrites a table whose column gets a type: no dead rows stay behind, as they do
    behind an UPDATE of all rows.
    """
    postgres = op.get_bind().dialect.name == "postgresql"
    for table, columns in _COLUMNS.items():
        if postgres:
            sets = [f"ALTER COLUMN {c} TYPE BIGINT USING {said.format(c)}" for c in columns]
            op.execute(f"ALTER TABLE {table} " + ", ".join(sets))
        else:
            sets = [f"{c} = {said.format(c)}" for c in columns]
            op.execute(f"UPDATE {table} SET " + ", ".join(sets))
