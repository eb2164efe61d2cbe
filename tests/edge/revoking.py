"""Revoking a key as the command line does."""

from __future__ import annotations

from entrepot.core.decide.keys import RevokeKey
from entrepot.core.results import KeyResult
from entrepot.edge.services import Services
from entrepot.store import accounts
from entrepot.writer.envelope import Envelope


async def revoked(services: Services, secret: str) -> None:
    """The key with this secret is revoked."""
    meant = await services.database.write(lambda conn: accounts.credential_meant(conn, secret))
    assert meant is not None
    command = RevokeKey(meant.org, "operator", meant.id)
    outcome = await services.writer.submit(Envelope(command))
    assert isinstance(outcome.result, KeyResult)
