"""What stock is worth. Stock of before has cost nothing that anybody told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

_ID = sa.LargeBinary(16)
_BIG = sa.BigInteger()


def _need(name: str, type_: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=False)  # type: ignore[arg-type]


def _shelf() -> list[sa.Column[object]]:
    return [_need("org", _BIG), _need("variant_id", _ID), _need("location_id", _ID)]


def _method() -> sa.CheckConstraint:
    return sa.CheckConstraint("method = 'WAC' OR method = 'FIFO'", name="method_known")


def upgrade() -> None:
    """Make the change. What is on hand opens the valuation, and is worth nothing; so the log is
    valued from its end on.
    """
    if op.get_bind().dialect.name != "sqlite":
        # Nothing is committed meanwhile: levels and the ends of the logs are of one moment.
        op.execute("LOCK TABLE order_counters IN EXCLUSIVE MODE")
    op.add_column("stock_entries", sa.Column("unit_cost", sa.BigInteger(), nullable=True))
    _make_tables()
    op.execute(
        "INSERT INTO stock_costing (org, reached, method, version) "
        "SELECT c.org, c.events, COALESCE(s.costing, 'WAC'), 1 FROM order_counters AS c "
        "LEFT JOIN stock_settings AS s ON s.org = c.org WHERE c.events > 0"
    )
    op.execute(
        "INSERT INTO shelf_values (org, variant_id, location_id, quantity, value, layers) "
        "SELECT org, variant_id, location_id, on_hand, 0, CASE WHEN on_hand > 0 THEN 1 ELSE 0 END "
        "FROM stock_levels WHERE on_hand <> 0"
    )
    op.execute(
        "INSERT INTO stock_layers (org, variant_id, location_id, number, quantity, value) "
        "SELECT org, variant_id, location_id, 1, on_hand, 0 FROM stock_levels WHERE on_hand > 0"
    )
    op.execute(
        "INSERT INTO stock_movements (org, variant_id, location_id, number, place, kind, method, "
        "delta, value) SELECT org, variant_id, location_id, 0, 0, 'opening', 'WAC', on_hand, 0 "
        "FROM stock_levels WHERE on_hand <> 0"
    )


def _make_tables() -> None:
    op.create_table(
        "variant_costs", _need("org", _BIG), _need("variant_id", _ID),
        _need("currency", sa.Text()), _need("unit_cost", _BIG), _need("updated_at", _BIG),
        sa.PrimaryKeyConstraint("org", "variant_id"),
        sa.CheckConstraint("unit_cost >= 0", name="cost_not_negative"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "stock_layers", *_shelf(), _need("number", _BIG), _need("quantity", _BIG),
        _need("value", _BIG),
        sa.PrimaryKeyConstraint("org", "variant_id", "location_id", "number"),
        sa.CheckConstraint("quantity > 0", name="layer_positive"),
        sa.CheckConstraint("value >= 0", name="layer_not_negative"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "shelf_values", *_shelf(), _need("quantity", _BIG), _need("value", _BIG),
        _need("layers", _BIG), sa.PrimaryKeyConstraint("org", "variant_id", "location_id"),
        sa.CheckConstraint("value >= 0", name="value_not_negative"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("shelf_values_at", "shelf_values", ["org", "location_id", "variant_id"])
    op.create_table(
        "stock_movements", *_shelf(), _need("number", _BIG), _need("place", _BIG),
        _need("kind", sa.Text()), _need("method", sa.Text()), _need("delta", _BIG),
        _need("value", _BIG), sa.Column("order_id", _ID, nullable=True),
        sa.Column("line_id", _ID, nullable=True),
        sa.PrimaryKeyConstraint("org", "variant_id", "location_id", "number", "place"),
        sa.CheckConstraint(
            "kind = 'adjustment' OR kind = 'sale' OR kind = 'return' OR kind = 'opening'",
            name="kind_known",
        ),
        _method(), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "line_costs", _need("org", _BIG), _need("order_id", _ID), _need("line_id", _ID),
        _need("quantity", _BIG), _need("value", _BIG),
        sa.PrimaryKeyConstraint("org", "order_id", "line_id"),
        sa.CheckConstraint("quantity >= 0 AND value >= 0", name="out_not_negative"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "value_totals", _need("org", _BIG), _need("location_id", _ID),
        _need("currency", sa.Text()), _need("value", sa.Text()),
        sa.PrimaryKeyConstraint("org", "location_id", "currency"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "stock_costing",
        sa.Column("org", _BIG, autoincrement=False, nullable=False), _need("reached", _BIG),
        _need("method", sa.Text()), _need("version", _BIG),
        sa.PrimaryKeyConstraint("org"), _method(), sqlite_with_rowid=False,
    )  # fmt: skip


def downgrade() -> None:
    """Take it back. The version before values nothing."""
    for name in (
        "stock_costing", "value_totals", "line_costs", "stock_movements", "shelf_values",
        "stock_layers", "variant_costs",
    ):  # fmt: skip
        op.drop_table(name)
    op.drop_column("stock_entries", "unit_cost")
