"""A key: a credential of an organization, as the book keeps it. No secret is kept."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Key, Kind, by


class OwnKey(NamedTuple):
    """A key of an organization for one dialect. Times are microseconds UTC."""

    org: int
    id: bytes
    digest: bytes  # of the secret
    dialect: str
    role: str  # or the scopes of a native key; see core.scopes
    name: str
    created_at: int
    revoked_at: int | None = None


KEYS: Kind[Key, OwnKey] = Kind("key", OwnKey, by(OwnKey, "org", "id"), guard="revoked_at")
