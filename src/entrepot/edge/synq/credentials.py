"""The caller of a Synq request: a bearer token, which is one of our secrets or a JWT of the issuer,
and the headers of tenant and organization, which have to agree with the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entrepot.core import actor, ids
from entrepot.core.decide.invite import JoinMember
from entrepot.core.naming import capitals
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import Principal
from entrepot.edge.invalid_token import InvalidToken
from entrepot.edge.services import Services
from entrepot.writer.envelope import Envelope

ROLES = frozenset({"ADMIN", "EDITOR", "VIEWER", "MEMBER", "MANAGER", "SYSTEM"})


async def authenticate(headers: Mapping[str, str], services: Services) -> Principal:
    """The caller. Refused: 401 without a valid token or X- headers, 403 on contradiction."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise refuse(Reason.UNAUTHENTICATED, "a bearer token is needed", "Authorization")
    principal = await _of_token(token, services)
    _same(headers, "x-tenant-id", "X-Tenant-ID", principal.tenant_id)
    _same(headers, "x-org-id", "X-Org-ID", principal.org_id)
    return principal


async def _of_token(token: str, services: Services) -> Principal:
    if token.count(".") == 2 and services.admission.tokens is not None:
        try:
            claims = await services.admission.tokens.claims(token)
        except InvalidToken as error:
            raise refuse(Reason.UNAUTHENTICATED, "the token is not valid") from error
        return await _of_claims(claims, services)
    found = services.admission.known(token) or await services.admission.credential(token)
    if found is None or found.dialect != "synq":
        raise refuse(Reason.UNAUTHENTICATED, "the token is not valid")
    if found.invited is not None:
        # The token of the invitation is used. A book that cannot be written hinders nobody: the
        # next request tells it again.
        await services.writer.submit(
            Envelope(JoinMember(found.org, "synq", found.invited), actor=found.actor)
        )
        services.admission.look_again(found.org_id)
    return Principal(
        found.org, found.org_id, found.tenant_id, found.role, found.actor,
        closed_channels=found.closed_channels, closed_partnerships=found.closed_partnerships,
    )  # fmt: skip


async def _of_claims(claims: dict[str, Any], services: Services) -> Principal:
    named = claims.get("tenantid") or claims.get("tenant_id")
    tenant_id = ids.spelled(named) if isinstance(named, str) else None
    org_claim, role = claims.get("org_id"), claims.get("role")
    org_id = ids.spelled(org_claim) if isinstance(org_claim, str) else None
    if tenant_id is None or org_id is None:
        raise refuse(Reason.FORBIDDEN, "the token names no tenant or no organization")
    if not isinstance(role, str) or capitals(role) not in ROLES:
        raise refuse(Reason.FORBIDDEN, "the token names no role")
    found = await services.admission.organization(tenant_id, org_id)
    if found is None:
        raise refuse(Reason.FORBIDDEN, "the token's organization is not known here")
    who = actor.subject(claims.get("sub"))
    # A look-up of an organization tells nothing of its channels and partnerships.
    return Principal(
        found.org, found.id, found.tenant_id, role, who,
        closed_channels=True, closed_partnerships=True,
    )  # fmt: skip


def _same(headers: Mapping[str, str], name: str, shown: str, expected: bytes) -> None:
    sent = headers.get(name)
    if not sent:
        raise refuse(Reason.UNAUTHENTICATED, "this header is needed", shown)
    if sent != ids.dashed_often(expected) and ids.spelled(sent.strip()) != expected:
        raise refuse(Reason.FORBIDDEN, "is not what the token is for", shown)
