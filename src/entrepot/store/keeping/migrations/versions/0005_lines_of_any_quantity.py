"""A mirrored line may have any whole quantity, and amounts of Stripe's format are read anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAME, _CONDITION = "quantity_positive", "quantity > 0"
_IN_SQLITE = f", \n\tCONSTRAINT {_NAME} CHECK ({_CONDITION})"
_KEY_IN_SQLITE = "\tPRIMARY KEY (org, order_id, id)"


def upgrade() -> None:
    """Make the change."""
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(_IN_SQLITE, "")
    else:
        op.drop_constraint(_NAME, "order_lines", type_="check")
    # Amounts in these currencies were read by ISO's places, which are not Stripe's. An order whose
    # digest is unknown takes over what its sender tells next, also where that is the same again.
    op.execute(
        "UPDATE orders SET sender_digest = NULL "
        "WHERE origin = 'konvo' AND currency IN ('ISK', 'MGA', 'UGX')"
    )


def downgrade() -> None:
    """Take it back."""
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(_KEY_IN_SQLITE, _KEY_IN_SQLITE + _IN_SQLITE)
    else:
        op.create_check_constraint(_NAME, "order_lines", _CONDITION)


def _rewrite(old: str, new: str) -> None:
    """Change the text of the table's definition and no row: a copy of all lines would take long.

    SQLite's own documentation of ALTER TABLE gives this way for taking a CHECK away.
    """
    conn = op.get_bind()
    text = sa.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'order_lines'")
    definition: str = conn.execute(text).scalar_one()
    if definition.count(old) != 1:
        raise RuntimeError("the table order_lines is not defined as this migration knows it")
    version: int = conn.execute(sa.text("PRAGMA schema_version")).scalar_one()
    conn.execute(sa.text("PRAGMA writable_schema = ON"))
    conn.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = 'order_lines'"
        ),
        {"sql": definition.replace(old, new)},
    )
    conn.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    conn.execute(sa.text("PRAGMA writable_schema = RESET"))
