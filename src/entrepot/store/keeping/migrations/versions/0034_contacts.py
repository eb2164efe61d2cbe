"""Contacts, with their orders and the terms by which they are searched, filled from the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_BEFORE = "kind = 'keys' OR kind = 'events' OR kind = 'holds'"
_AFTER = f"{_BEFORE} OR kind = 'contacts'"
_ID = sa.LargeBinary(16)


def _need(name: str, type_: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=False)  # type: ignore[arg-type]


def upgrade() -> None:
    """Make the change. The reader of the log fills the tables, from the first event on."""
    op.create_table(
        "contacts",
        _need("org", sa.BigInteger()),
        _need("id", _ID),
        _need("created_at", sa.BigInteger()),
        _need("updated_at", sa.BigInteger()),
        _need("interacted_at", sa.BigInteger()),
        _need("orders", sa.BigInteger()),
        _need("source", sa.Text()),
        _need("terms", sa.Text()),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("contacts_created", "contacts", ["org", "created_at", "id"])
    op.create_index("contacts_updated", "contacts", ["org", "updated_at", "id"])
    op.create_table(
        "contact_orders",
        _need("org", sa.BigInteger()),
        _need("order_id", _ID),
        _need("customer_id", _ID),
        sa.PrimaryKeyConstraint("org", "order_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("contact_orders_of", "contact_orders", ["org", "customer_id", "order_id"])
    op.create_table(
        "contact_terms",
        _need("org", sa.BigInteger()),
        _need("term", sa.LargeBinary()),
        _need("customer_id", _ID),
        sa.PrimaryKeyConstraint("org", "term", "customer_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "list_tallies",
        _need("org", sa.BigInteger()),
        _need("list", sa.Text()),
        _need("word", sa.Text()),
        _need("key", _ID),
        _need("level", sa.SmallInteger()),
        _need("slot", sa.BigInteger()),
        _need("counted", sa.BigInteger()),
        sa.PrimaryKeyConstraint("org", "list", "word", "key", "level", "slot"),
        sqlite_with_rowid=False,
    )
    _constrain(_BEFORE, _AFTER)


def downgrade() -> None:
    """Take it back: the tables follow from the log, and are filled again."""
    op.execute("DELETE FROM sweeps WHERE kind = 'contacts'")
    _constrain(_AFTER, _BEFORE)
    for name in ("list_tallies", "contact_terms", "contact_orders", "contacts"):
        op.drop_table(name)


def _constrain(before: str, after: str) -> None:
    """Change the words of `sweeps.kind`. SQLite changes the text of the table in place, as it
    documents for constraints.
    """
    conn = op.get_bind()
    if conn.dialect.name != "sqlite":
        op.drop_constraint("kind_known", "sweeps", type_="check")
        op.create_check_constraint("kind_known", "sweeps", sa.text(after))
        return
    version = conn.execute(sa.text("PRAGMA schema_version")).scalar_one()
    conn.execute(sa.text("PRAGMA writable_schema = ON"))
    conn.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = replace(sql, :before, :after) "
            "WHERE type = 'table' AND name = 'sweeps'"
        ),
        {"before": f"CHECK ({before})", "after": f"CHECK ({after})"},
    )
    conn.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    conn.execute(sa.text("PRAGMA writable_schema = RESET"))
