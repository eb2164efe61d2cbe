"""The newest deliveries of each webhook stay, and older ones go."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from entrepot.store import schema

KEPT = 1_000


def trim(conn: Connection, org: int, webhook_id: bytes, kept: int = KEPT) -> None:
    """Remove a webhook's deliveries but the newest `kept`. The events stay in the log."""
    d = schema.webhook_deliveries.c
    its = (d.org == org, d.webhook_id == webhook_id)
    oldest = select(d.number).where(*its).order_by(d.number.desc()).offset(kept).limit(1)
    number = conn.execute(oldest).scalar_one_or_none()
    if number is not None:
        conn.execute(delete(schema.webhook_deliveries).where(*its, d.number <= number))
