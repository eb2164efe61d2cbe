"""Rows that a test puts into a book without the command that would make them: quickly, and under
ids and secrets of the test's own choice.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, insert

from entrepot.core.order import Variant
from entrepot.store import schema
from entrepot.store.accounts import Organization, digest


class NewCredential(NamedTuple):
    """A credential to be; of the secret only its digest is kept."""

    org: int
    id: bytes
    secret: str
    dialect: str
    role: str
    name: str


def add_credential(conn: Connection, made: NewCredential, now: int) -> None:
    """Let a secret in."""
    row = made._asdict()
    row["digest"] = digest(row.pop("secret"))
    conn.execute(insert(schema.credentials).values(**row, created_at=now))


def add_variant(conn: Connection, org: Organization, made: Variant) -> None:
    """Put a variant with its item, its default list entry and its SKU into the catalogue."""
    conn.execute(
        insert(schema.items).values(
            org=org.org, id=made.item_id, name=made.name, created_at=made.created_at
        )
    )
    values = dict(zip(schema.VARIANTS.columns, schema.VARIANTS.to_row(made), strict=True))
    conn.execute(insert(schema.variants).values(**values))
    conn.execute(
        insert(schema.item_list_entries).values(
            org=org.org, id=made.entry_id, list_id=org.default_list, variant_id=made.id
        )
    )
    if made.sku is not None:
        conn.execute(
            insert(schema.variant_names).values(
                org=org.org, kind="sku", value=made.sku, variant_id=made.id
            )
        )
