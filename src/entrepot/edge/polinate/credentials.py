"""The caller of a Polinate request: the business and its key have to belong together."""

from __future__ import annotations

from collections.abc import Mapping

from entrepot.core import ids
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import Principal
from entrepot.edge.services import Services

PREFIX = "bus_"


async def authenticate(headers: Mapping[str, str], services: Services) -> Principal:
    """The caller. A missing and a wrong credential get the same refusal."""
    business, secret = headers.get("x-business-id", ""), headers.get("x-api-key", "")
    admission = services.admission
    found = (admission.known(secret) or await admission.credential(secret)) if secret else None
    if (
        found is None
        or found.dialect != "polinate"
        or business_id(business.strip()) != found.org_id
    ):
        raise refuse(Reason.UNAUTHENTICATED)
    return Principal(
        found.org, found.org_id, found.tenant_id, found.role, found.actor,
        closed_partnerships=found.closed_partnerships, price_lists=found.price_lists,
    )  # fmt: skip


def business_text(org_id: bytes) -> str:
    """How a business id spells the organization."""
    return PREFIX + org_id.hex()


def business_id(text: str) -> bytes | None:
    """The organization that a business id spells, in either case; None when it spells none."""
    lower = text.lower()
    return ids.spelled_often(lower, PREFIX)
