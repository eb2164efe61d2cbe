"""Facts 386 to 390 and 464 to 470: who may call Synq's operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.acceptance.test_tokens import ABSENT, ask_with
from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import reference
from tests.contracts.facts.synq_orders import refused, without

from entrepot.testing.clients import (
    SYNQ_ORDERS,
    Body,
    assert_envelope,
)

facts = Facts("synq access")


@facts(386, "401 bad token", "page authentication")
@facts(387, "401 malformed Authorization", "page authentication")
@facts(388, "401 text starts with Unauthorized:", "page api/authentication")
def _(house: House) -> None:
    for words in ("Bearer x", "Basic eA==", "Bearer", "x", ""):
        answer = without(house, "GET", SYNQ_ORDERS, "", Authorization=words)
        refused(answer, 401)
        assert answer.json()["error"].startswith("Unauthorized:")


@facts(389, "403 text starts with Forbidden:", "code")
def _(house: House) -> None:
    foreign = house.other.synq.headers["X-Org-ID"]
    answer = without(house, "GET", SYNQ_ORDERS, "", **{"X-Org-ID": foreign})
    refused(answer, 403)
    assert answer.json()["error"].startswith("Forbidden:")


ROLES: list[tuple[object, ...]] = [
    ("VIEWER", "GET", 200, "reads"),
    ("VIEWER", "POST", 403, "writes nothing"),
    ("ADMIN", "POST", 201, "writes"),
    ("EDITOR", "POST", 201, "writes"),
]


@facts.each(390, ROLES, "{0} {3}", "page api/organization, concepts/organizations")
def _(house: House, role: str, method: str, status: int, _says: str) -> None:
    member = house.member(role)
    body = house.world.synq_order(reference())
    answer = member.get(SYNQ_ORDERS) if method == "GET" else member.create(body)
    assert answer.status_code == status, answer.text


def _token(number: int, says: str, status: int, claims: Callable[[Body], Body]) -> None:
    @facts(number, f"JWT RS256: {says} -> {status}", "page api/authentication")
    def _(house: House) -> None:
        token = house.issuer.sign(claims(house.issuer.claims(house.trusting)))
        answer = ask_with(house.trusting, token)
        assert answer.status_code == status, answer.text
        if status != 200:
            assert_envelope("synq", answer)


def _changed(**changes: Any) -> Callable[[Body], Body]:
    return lambda claims: {k: v for k, v in (claims | changes).items() if v is not ABSENT}


def _tenantid(claims: Body) -> Body:
    tenant = claims["tenant_id"]
    return {k: v for k, v in claims.items() if k != "tenant_id"} | {"tenantid": tenant}


_token(464, "claims tenantid, org_id, role", 200, _tenantid)
_token(465, "tenant_id [code]", 200, _changed())
_token(466, "no role claim", 403, _changed(role=ABSENT))
_token(467, "no org_id claim", 403, _changed(org_id=ABSENT))
_token(468, "no tenant claim", 403, _changed(tenant_id=ABSENT))
_token(469, "wrong audience", 401, _changed(aud="somebody-else"))
_token(470, "expired", 401, _changed(exp=1_700_000_000))
