"""The actor that events name for a caller's commands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from entrepot.core import ids
from entrepot.edge.dialect import Services
from entrepot.edge.openapi import build
from entrepot.edge.synq.credentials import authenticate
from entrepot.edge.synq.dialect import DIALECT

TENANT, ORG = b"t" * 16, b"o" * 16


class Admission:
    """One that trusts every token, and knows one organization."""

    def __init__(self, **claims: Any) -> None:
        self._claims = claims
        self.tokens = self

    async def claims(self, _token: str) -> dict[str, Any]:
        named = {"tenant_id": ids.dashed(TENANT), "org_id": ids.dashed(ORG), "role": "EDITOR"}
        return named | self._claims

    async def organization(self, tenant_id: bytes, org_id: bytes) -> Any:
        return SimpleNamespace(org=7, id=org_id, tenant_id=tenant_id)


@pytest.mark.parametrize(
    ("claims", "actor"),
    [({"sub": "user-1"}, "token:user-1"), ({}, "token:-"), ({"sub": "a\x00\x1b"}, "token:a")],
)
async def test_the_subject_of_a_token_is_the_actor(claims: dict[str, Any], actor: str) -> None:
    headers = {
        "authorization": "Bearer a.b.c", "x-tenant-id": ids.dashed(TENANT),
        "x-org-id": ids.dashed(ORG),
    }  # fmt: skip
    services = cast("Services", SimpleNamespace(admission=Admission(**claims)))
    found = await authenticate(headers, services)
    assert (found.org, found.actor) == (7, actor)


def test_every_operation_with_credentials_names_both_headers() -> None:
    """The seed lists them among the headers of each operation, beside the bearer token."""
    document = build(DIALECT)
    assert list(document["components"]["securitySchemes"]) == ["bearerAuth"]
    seen = 0
    for methods in document["paths"].values():
        for operation in methods.values():
            told = {
                one["name"]: (one["required"], one["schema"]["format"])
                for one in operation["parameters"]
                if one["name"] in ("X-Tenant-ID", "X-Org-ID")
            }
            wanted = (True, "uuid") if operation["security"] else None
            assert told == ({"X-Tenant-ID": wanted, "X-Org-ID": wanted} if wanted else {})
            seen += 1
    assert seen == len(DIALECT.operations)
