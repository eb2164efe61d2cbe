"""Constraints on words compare one word after the other: SQLite made a table of the words a row.

SQLite builds the list of `IN (...)` anew for every row that it checks, as a table of its own, where
the list has three words or more. An order has four such lists with 33 words. The constraints say
the same as before. PostgreSQL keeps its constraints: it makes an array of the words once.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_LIST = re.compile(r"CHECK \((\w+) IN \(([^()]+)\)\)")


_LIVE = sa.text("kind = 'authorise' AND state <> 'declined' AND state <> 'given_up'")
_LIVE_LISTED = sa.text("kind = 'authorise' AND state IN ('prepared', 'running', 'done')")


def upgrade() -> None:
    """Make the change."""
    _index_live(_LIVE)
    if op.get_bind().dialect.name == "sqlite":
        _rewrite()


def downgrade() -> None:
    """Take the index back. The version before takes either form of the constraints."""
    _index_live(_LIVE_LISTED)


def _index_live(where: sa.TextClause) -> None:
    op.drop_index("payment_operations_live", "payment_operations")
    op.create_index(
        "payment_operations_live", "payment_operations", ["org", "order_id"], unique=True,
        sqlite_where=where, postgresql_where=where,
    )  # fmt: skip


def _in_turn(found: re.Match[str]) -> str:
    column, words = found[1], found[2].split(", ")
    return f"CHECK ({' OR '.join([f'{column} = {word}' for word in words])})"


def _rewrite() -> None:
    """Change the texts of tables in place, as SQLite documents for constraints.

    No row is looked at. Raises what SQLite raises if a text is none that SQLite takes.
    """
    conn = op.get_bind()
    version = conn.execute(sa.text("PRAGMA schema_version")).scalar_one()
    tables = conn.execute(sa.text("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")).all()
    conn.execute(sa.text("PRAGMA writable_schema = ON"))
    for name, text in tables:
        told = _LIST.sub(_in_turn, text)
        if told != text:
            conn.execute(
                sa.text(
                    "UPDATE sqlite_schema SET sql = :told WHERE name = :name AND type = 'table'"
                ),
                {"told": told, "name": name},
            )
    conn.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    conn.execute(sa.text("PRAGMA writable_schema = RESET"))
