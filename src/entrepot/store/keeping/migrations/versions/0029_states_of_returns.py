"""A return has an id and a state: requested, approved, received or refused.

Returns of before are received: nothing was written of a return until its goods were back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_KEPT = "org, order_id, number, returned_at"
_LINE = "org, order_id, number, line_id, quantity, restocked, location_id"
# A random UUID, as bytes.
_ID = {
    "postgresql": "uuid_send(gen_random_uuid())",
    "sqlite": (
        "unhex(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || '8' "
        "|| substr(hex(randomblob(8)), 2))"
    ),
}


def upgrade() -> None:
    """Make the change."""
    id_ = _ID[op.get_bind().dialect.name]
    op.rename_table("returns", "returns_of_before")
    op.create_table(
        "returns",
        *_columns(came=True),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("org", "order_id", "number"),
        sa.CheckConstraint(
            "state = 'requested' OR state = 'approved' OR state = 'received' OR state = 'refused'",
            name="state_known",
        ),
        sa.CheckConstraint(
            "(state = 'received') = (returned_at IS NOT NULL)", name="received_at_a_time"
        ),
        sa.CheckConstraint(
            "state <> 'approved' OR approved_at IS NOT NULL", name="approved_at_a_time"
        ),
        sqlite_with_rowid=False,
    )
    op.execute(
        sa.text(
            f"INSERT INTO returns ({_KEPT}, id, state, requested_at) "
            f"SELECT {_KEPT}, {id_}, 'received', returned_at FROM returns_of_before"
        )
    )
    op.drop_table("returns_of_before")
    op.create_index("returns_id", "returns", ["org", "id"], unique=True)
    _lines(nullable=True)


def downgrade() -> None:
    """Take it back. The version before knows goods that are back, and no others.

    Raises:
        RuntimeError: a return is open or was refused.
    """
    others = sa.text("SELECT count(*) FROM returns WHERE state <> 'received'")
    broken = op.get_bind().execute(others).scalar_one()
    if broken:
        raise RuntimeError(
            f"returns that are open or were refused: {broken}; the version before cannot keep "
            "them; restore a backup of it"
        )
    op.drop_index("returns_id", "returns")
    op.rename_table("returns", "returns_of_after")
    op.create_table(
        "returns",
        *_columns(came=False),
        sa.PrimaryKeyConstraint("org", "order_id", "number"),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO returns ({_KEPT}) SELECT {_KEPT} FROM returns_of_after")
    op.drop_table("returns_of_after")
    _lines(nullable=False)


def _columns(*, came: bool) -> list[sa.Column[object]]:
    return [
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("returned_at", sa.BigInteger(), nullable=came),
    ]


def _lines(*, nullable: bool) -> None:
    """Of goods that have not come nobody knows whether they are restocked."""
    op.rename_table("return_lines", "return_lines_of_before")
    op.create_table(
        "return_lines",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("restocked", sa.Boolean(), nullable=nullable),
        sa.Column("location_id", sa.LargeBinary(length=16), nullable=True),
        sa.PrimaryKeyConstraint("org", "order_id", "number", "line_id"),
        sa.CheckConstraint("quantity > 0", name="return_positive"),
        sa.CheckConstraint("restocked OR location_id IS NULL", name="scrapped_nowhere"),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO return_lines ({_LINE}) SELECT {_LINE} FROM return_lines_of_before")
    op.drop_table("return_lines_of_before")
