"""Entries of price lists can be removed, due webhooks are found by indexes, and a walk drops old
addresses of clicks.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'active' AND (next_at > 0 OR leased_until > 0)")
_AGAIN = sa.text("state = 'active' AND again <> ''")
_INDEXES = (
    ("webhooks_due", "webhooks", ("next_at",), _WAITING),
    ("webhooks_again", "webhooks", ("org", "id"), _AGAIN),
    ("order_counters_committed", "order_counters", ("committed_at",), None),
)
_WORDS = ("keys", "events", "holds", "contacts", "search", "merging")


def upgrade() -> None:
    """Make the change. No entry was removed yet."""
    op.add_column("item_list_entries", sa.Column("removed_at", sa.BigInteger()))
    for name, table, columns, where in _INDEXES:
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
    _constrain(_WORDS, (*_WORDS, "addresses"))


def downgrade() -> None:
    """Take it back: entries that were removed are on their lists again, and addresses that were
    dropped stay so.
    """
    op.execute("DELETE FROM sweeps WHERE kind = 'addresses'")
    _constrain((*_WORDS, "addresses"), _WORDS)
    for name, table, _, _ in _INDEXES:
        op.drop_index(name, table)
    op.drop_column("item_list_entries", "removed_at")


def _constrain(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Change the words of `sweeps.kind`. SQLite changes the text of the table in place, as it
    documents for constraints.
    """
    old, new = (" OR ".join([f"kind = '{word}'" for word in words]) for words in (before, after))
    conn = op.get_bind()
    if conn.dialect.name != "sqlite":
        op.drop_constraint("kind_known", "sweeps", type_="check")
        op.create_check_constraint("kind_known", "sweeps", sa.text(new))
        return
    version = conn.execute(sa.text("PRAGMA schema_version")).scalar_one()
    conn.execute(sa.text("PRAGMA writable_schema = ON"))
    conn.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = replace(sql, :before, :after) "
            "WHERE type = 'table' AND name = 'sweeps'"
        ),
        {"before": f"CHECK ({old})", "after": f"CHECK ({new})"},
    )
    conn.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    conn.execute(sa.text("PRAGMA writable_schema = RESET"))
