"""Broadcasts, as their senders tell them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Text

from entrepot.core import broadcasts as told
from entrepot.store.schema.conversion import money
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, json_text, need, places, table

broadcasts = table(
    "broadcasts",
    need("org", BigInteger),
    need("id", ID),
    need("name", Text),
    need("status", Text),
    json_text("audience", needed=True, nothing="null", begins="{n"),
    json_text("flow", needed=True, nothing="null", begins="{n"),
    need("template", Text),
    Column("scheduled_at", BigInteger),
    need("sent", BigInteger),
    need("delivered", BigInteger),
    need("failed", BigInteger),
    need("opened", BigInteger),
    need("cost_units", BigInteger),
    places("cost_scale"),
    need("cost_currency", Text),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    need("version", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    Index("broadcasts_created", "org", "created_at", "id"),
    Index("broadcasts_updated", "org", "updated_at", "id"),
)

BROADCASTS = Kept(
    told.BROADCASTS, broadcasts, {"cost": money("cost_units", "cost_scale")},
    fixed=("created_at",),
)  # fmt: skip
