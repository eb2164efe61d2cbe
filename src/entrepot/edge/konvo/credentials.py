"""The caller of a Konvo request: each API key belongs to one organization."""

from __future__ import annotations

from collections.abc import Mapping

from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import Principal
from entrepot.edge.services import Services

HEADER = "x-api-key"


async def authenticate(headers: Mapping[str, str], services: Services) -> Principal:
    """The caller. Refused: 401 without a key, with one unknown or revoked, or another dialect's."""
    key = headers.get(HEADER, "").strip()
    if not key:
        raise refuse(Reason.UNAUTHENTICATED, "an API key is needed", HEADER)
    found = services.admission.known(key) or await services.admission.credential(key)
    if found is None or found.dialect != "konvo":
        raise refuse(Reason.UNAUTHENTICATED, "the API key is not valid", HEADER)
    return Principal(found.org, found.org_id, found.tenant_id, found.role, found.actor)
