"""The secrets of webhooks, of all organizations, for sealing them anew."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select, update

from entrepot.store import schema

_webhooks = schema.webhooks.c


class KeptSecret(NamedTuple):
    """The secret of a webhook as the book keeps the secret, and the version of the row."""

    org: int
    id: bytes
    version: int
    secret: bytes


def listed(conn: Connection) -> list[KeptSecret]:
    """All of them. A webhook that is removed has none."""
    columns = (_webhooks.org, _webhooks.id, _webhooks.version, _webhooks.secret)
    found = conn.execute(select(*columns).order_by(_webhooks.org, _webhooks.id))
    return [
        KeptSecret(org, bytes(id_), v, bytes(secret)) for org, id_, v, secret in found if secret
    ]


def change(conn: Connection, kept: KeptSecret, secret: bytes) -> bool:
    """Keep the secret otherwise. False where somebody changed the webhook meanwhile.

    The version rises, so that no server writes the row back as the server knew it.
    """
    its = (
        _webhooks.org == kept.org, _webhooks.id == kept.id, _webhooks.version == kept.version,
    )  # fmt: skip
    told = {"secret": secret, "version": kept.version + 1}
    return conn.execute(update(schema.webhooks).where(*its).values(told)).rowcount == 1
