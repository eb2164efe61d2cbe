"""Touches of contacts, as other systems record them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_ID = sa.LargeBinary(16)
_CLICKED = sa.text("kind = 'click'")


def _need(name: str, type_: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=False)  # type: ignore[arg-type]


def _one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    compared = " OR ".join([f"{column} = '{word}'" for word in words])
    return sa.CheckConstraint(compared, name=f"{column}_known")


def upgrade() -> None:
    """Make the change. Nothing was recorded before."""
    op.create_table(
        "touches",
        _need("org", sa.BigInteger()),
        _need("id", _ID),
        _need("customer_id", _ID),
        _need("kind", sa.Text()),
        _need("origin", sa.Text()),
        _need("origin_id", _ID),
        _need("channel", sa.Text()),
        _need("at", sa.BigInteger()),
        _need("recorded_at", sa.BigInteger()),
        _need("external_user_id", sa.Text()),
        _need("resource_id", sa.Text()),
        _need("country", sa.Text()),
        _need("details", sa.Text()),
        sa.PrimaryKeyConstraint("org", "id"),
        _one_of("kind", ("click", "open", "message")),
        _one_of("origin", ("broadcast", "ai", "flow", "automation", "app")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "touches_clicked", "touches", ["org", "at", "id"],
        sqlite_where=_CLICKED, postgresql_where=_CLICKED,
    )  # fmt: skip
    op.create_index("touches_of_origin", "touches", ["org", "origin_id", "at", "id"])
    op.create_index("touches_of_contact", "touches", ["org", "customer_id", "at", "id"])
    op.create_table(
        "click_contacts",
        _need("org", sa.BigInteger()),
        _need("origin_id", _ID),
        _need("customer_id", _ID),
        sa.PrimaryKeyConstraint("org", "origin_id", "customer_id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take it back. What was recorded is lost, its tallies and its events with it."""
    op.execute("DELETE FROM list_tallies WHERE list IN ('clicks', 'click_countries', 'clickers')")
    op.drop_table("click_contacts")
    op.drop_table("touches")
