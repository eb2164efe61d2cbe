"""The caller of a native request: a bearer key of one organization, with scopes."""

from __future__ import annotations

from collections.abc import Mapping

from entrepot.core.refusal import Reason, refuse
from entrepot.core.scopes import opened_by
from entrepot.edge.access import Principal
from entrepot.edge.services import Services

NAME = "native"


async def authenticate(headers: Mapping[str, str], services: Services) -> Principal:
    """The caller. Refused: 401 without a key, with one unknown or revoked, or another dialect's."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise refuse(Reason.UNAUTHENTICATED, "a bearer key is needed", "Authorization")
    found = services.admission.known(key) or await services.admission.credential(key)
    if found is None or found.dialect != NAME:
        raise refuse(Reason.UNAUTHENTICATED, "the key is not valid", "Authorization")
    return Principal(
        found.org, found.org_id, found.tenant_id, found.role, found.actor, opened_by(found.role),
        found.id, found.closed_channels, found.closed_partnerships, found.price_lists,
    )  # fmt: skip
