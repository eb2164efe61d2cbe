"""Every operation of Synq with every role, from the table of operations: a new one is tried too."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from entrepot.core import ids
from entrepot.edge.access import Credentials, Everybody, Signature
from entrepot.edge.app import build_app
from entrepot.edge.dialect import Call, Operation
from entrepot.edge.synq.credentials import ROLES
from entrepot.edge.synq.dialect import DIALECT
from entrepot.store.accounts import Credential
from entrepot.writer.envelope import Answer

TENANT, ORG = b"t" * 16, b"o" * 16
# Operations that an ADMIN alone may call [page api/organization, api/settings].
ADMINS = {"putTenantSettings", "inviteMember"}
PUBLIC = {"/unified/webhook"}  # its sender signs the body


class Admission:
    """One that knows a credential of each role, by the role."""

    tokens = None

    def __init__(self) -> None:
        self.wrong = SimpleNamespace(tried=self._tried)

    async def _tried(self, *_: str) -> None:
        return None

    def known(self, token: str) -> Any:
        return Credential(1, b"k" * 16, ORG, TENANT, "synq", token, "key:k")

    def seconds_to_wait(self, _org: int) -> float:
        return 0.0


async def reached(_call: Call) -> Answer:
    """In place of every handler."""
    return Answer(200, b"{}")


async def status(operation: Operation, role: str) -> int:
    services: Any = SimpleNamespace(
        admission=Admission(), database=None, writer=SimpleNamespace(news=None)
    )
    dialect = replace(DIALECT, operations=(replace(operation, handler=reached),))
    app = build_app(services, [dialect], {}, lambda: "request-1")
    headers = {
        "authorization": f"Bearer {role}", "x-tenant-id": ids.dashed(TENANT),
        "x-org-id": ids.dashed(ORG), "content-type": "application/json",
    }  # fmt: skip
    path = operation.path
    for one in operation.parameters:
        if one.where == "path":
            path = path.replace(f"{{{one.name}}}", ids.dashed(ORG))
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(operation.method, path, content=b"[]", headers=headers)
    return answer.status_code


def may(operation: Operation, role: str) -> bool:
    if role == "ADMIN" or operation.method == "GET":
        return True
    return operation.operation_id not in ADMINS and role != "VIEWER"


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("operation", DIALECT.operations, ids=lambda one: one.operation_id)
async def test_every_role_may_do_what_it_may(operation: Operation, role: str) -> None:
    if not isinstance(operation.access, Credentials):
        assert operation.path in PUBLIC or isinstance(operation.access, Signature)
        assert not isinstance(operation.access, Everybody)
        return
    for spelled in (role, role.lower()):
        found = await status(operation, spelled)
        assert (found != 403) is may(operation, role), (found, spelled)
