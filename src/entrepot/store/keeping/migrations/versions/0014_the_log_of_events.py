"""Events are the organization's log: a number within it, the subject's kind, and who."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Events that are here get their numbers by time. An order's own events keep their order where a
# clock went back: each counts as of the latest time up to it. The first numbers are those of the
# events that the archive has.
_NUMBER = """
    INSERT INTO events (org, subject_id, seq, type, at, source, body, subject, actor, number)
    SELECT e.org, e.order_id, e.seq, e.type, e.at, e.source, e.body, 'order', '',
           coalesce(a.gone, 0) + row_number() OVER (
               PARTITION BY e.org ORDER BY e.latest, e.order_id, e.seq)
    FROM (SELECT o.*, max(o.at) OVER (
              PARTITION BY o.org, o.order_id ORDER BY o.seq) AS latest
          FROM order_events AS o) AS e
    LEFT JOIN (SELECT org, CAST(sum(last_seq - first_seq + 1) AS BIGINT) AS gone
               FROM order_archives GROUP BY org) AS a ON a.org = e.org
"""
_COUNT = """
    UPDATE order_counters SET events =
        (SELECT count(*) FROM events AS e WHERE e.org = order_counters.org)
        + coalesce((SELECT CAST(sum(a.last_seq - a.first_seq + 1) AS BIGINT)
                    FROM order_archives AS a WHERE a.org = order_counters.org), 0)
"""
_BACK = """
    INSERT INTO order_events (org, order_id, seq, type, at, source, body)
    SELECT org, subject_id, seq, type, at, source, body FROM events
"""


def _its_columns(subject_id: str) -> list[sa.Column[Any]]:
    return [
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column(subject_id, sa.LargeBinary(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    ]


def upgrade() -> None:
    """Make the change. The rows are written anew: nothing of the old table stays behind."""
    op.create_table(
        "events",
        *_its_columns("subject_id"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "subject_id", "seq"),
        sqlite_with_rowid=False,
    )
    op.execute(_NUMBER)
    op.create_index("events_number", "events", ["org", "number"], unique=True)
    op.drop_table("order_events")
    op.add_column(
        "order_counters", sa.Column("events", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.execute(_COUNT)


def downgrade() -> None:
    """Take it back. Numbers and actors are lost."""
    op.drop_column("order_counters", "events")
    op.create_table(
        "order_events",
        *_its_columns("order_id"),
        sa.PrimaryKeyConstraint("org", "order_id", "seq"),
        sqlite_with_rowid=False,
    )
    op.execute(_BACK)
    op.drop_index("events_number", "events")
    op.drop_table("events")
