"""A payment's first operation is its authorisation: the key says that there is one, and no index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

_TABLE, _INDEX, _NAME = "payment_operations", "payment_operations_live", "authorisation_first"
_FIRST = "(kind = 'authorise') = (number = 1)"
_LIVE = sa.text("kind = 'authorise' AND state <> 'declined' AND state <> 'given_up'")
# SQLite's text of the constraint, and what it stands before.
_NEXT = "CONSTRAINT state_known CHECK"
_WRITTEN = f"CONSTRAINT {_NAME} CHECK ({_FIRST}), \n\t{_NEXT}"


def upgrade() -> None:
    """Make the change. PostgreSQL looks at each row. SQLite looks at none; `entrepot verify` names a
    payment whose first operation is another one.
    """
    op.drop_index(_INDEX, _TABLE)
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(_NEXT, _WRITTEN)
    else:
        op.create_check_constraint(_NAME, _TABLE, sa.text(_FIRST))


def downgrade() -> None:
    """Take it back."""
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(_WRITTEN, _NEXT)
    else:
        op.drop_constraint(_NAME, _TABLE, type_="check")
    op.create_index(
        _INDEX, _TABLE, ["org", "order_id", "payment"], unique=True,
        sqlite_where=_LIVE, postgresql_where=_LIVE,
    )  # fmt: skip


def _rewrite(before: str, after: str) -> None:
    """Change the text of the table in place, as SQLite documents for constraints."""
    conn = op.get_bind()
    version = conn.execute(sa.text("PRAGMA schema_version")).scalar_one()
    conn.execute(sa.text("PRAGMA writable_schema = ON"))
    conn.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = replace(sql, :before, :after) "
            "WHERE type = 'table' AND name = :name"
        ),
        {"before": before, "after": after, "name": _TABLE},
    )
    conn.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    conn.execute(sa.text("PRAGMA writable_schema = RESET"))
