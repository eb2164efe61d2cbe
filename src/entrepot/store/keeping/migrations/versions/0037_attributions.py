"""Orders are credited to the origins of touches, within a window that an organization chooses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_ID = sa.LargeBinary(16)
_DAYS = "30"


def _need(name: str, type_: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=False)  # type: ignore[arg-type]


def _one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    compared = " OR ".join([f"{column} = '{word}'" for word in words])
    return sa.CheckConstraint(compared, name=f"{column}_known")


def upgrade() -> None:
    """Make the change. Orders of before have the window that is the default."""
    for table, column in (
        ("organization_settings", "attribution_days"), ("contact_orders", "window_days"),
    ):  # fmt: skip
        days = sa.Column(column, sa.BigInteger(), nullable=False, server_default=_DAYS)
        op.add_column(table, days)
        if op.get_bind().dialect.name != "sqlite":
            op.alter_column(table, column, server_default=None)
    op.create_table(
        "attributions",
        _need("org", sa.BigInteger()),
        _need("order_id", _ID),
        _need("origin", sa.Text()),
        _need("origin_id", _ID),
        _need("id", _ID),
        _need("customer_id", _ID),
        _need("touch_id", _ID),
        _need("type", sa.Text()),
        _need("external_user_id", sa.Text()),
        _need("created_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("org", "order_id", "origin", "origin_id"),
        _one_of("origin", ("broadcast", "ai", "flow", "automation", "app")),
        _one_of("type", ("MAIN", "ASSIST")),
        sqlite_with_rowid=False,
    )
    op.create_index("attributions_id", "attributions", ["org", "id"], unique=True)
    for name, by in (
        ("made", ()), ("of_type", ("type",)), ("by_origin", ("origin",)),
        ("of_origin", ("origin_id",)), ("of_contact", ("customer_id",)),
    ):  # fmt: skip
        columns = ["org", *by, "created_at", "id"]
        op.create_index(f"attributions_{name}", "attributions", columns)
    # The reader begins anew: touches of before are credited too.
    op.execute("UPDATE sweeps SET reached_at = 0 WHERE kind = 'contacts'")


def downgrade() -> None:
    """Take it back."""
    op.execute("DELETE FROM list_tallies WHERE list = 'attributions'")
    op.drop_table("attributions")
    op.drop_column("contact_orders", "window_days")
    op.drop_column("organization_settings", "attribution_days")
