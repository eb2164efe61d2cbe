"""The native API's accounts at payment services: the path table, and the lines that connect
reading, the writer or a question, and writing."""

from __future__ import annotations

from typing import get_args

import msgspec

from entrepot.core import scopes
from entrepot.core.decide.open_account import AddAccount, RemoveAccount
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.core.refusal import Reason, Refusal, Refused, all_of, refuse
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.native import bodies
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.documented import BODY_ERRORS, CHANGED, ERRORS, KEY, NOT_FOUND, REPLAYED
from entrepot.edge.native.providers import wire, write
from entrepot.edge.provider_accounts import ProviderAccounts
from entrepot.store import accounts
from entrepot.writer.envelope import Answer

_READ, _WRITE = Scoped(scopes.SETTINGS_READ), Scoped(scopes.SETTINGS_WRITE)
_ADD = bodies.decoder(wire.AddAccount)
_SERVICES = get_args(wire.Service)


async def list_accounts(call: Call) -> Answer:
    """All accounts of the organization, without what is secret in them."""
    bodies.no_query(call)
    known = _accounts(call)
    found = [await call.read(accounts.provider_account, service) for service in sorted(_SERVICES)]
    org_id = call.principal.org_id
    listed = [write.account(one, known.told(one), org_id) for one in found if one is not None]
    return Answer(200, write.encode(wire.AccountPage(listed, None)))


async def add_account(call: Call) -> Answer:
    """Add an account, sealed. No answer, event or stored answer has what is secret in it."""
    bodies.no_query(call)
    told, body = await bodies.read(call, _ADD)
    key = bodies.keyed(call, "addAccount", ("provider", "account"), body)
    known, org = _accounts(call), call.principal.org
    given = msgspec.to_builtins(told.account)
    faults = [
        Refusal(Reason.INVALID, sentence, f"account.{name}")
        for name, sentence in known.faults(told.provider, given)
    ]
    if not faults and (why_not := known.no_seal()) is not None:
        faults = [Refusal(Reason.INVALID, why_not, "account")]
    if faults:
        # What an account needs, and the keys that seal, are settings of the server.
        refused = Refused(all_of(faults))
        raise await call.repeat_or(refused, key)
    made = ProviderAccount(org, told.provider, known.sealed(org, told.provider, given))
    shown = tuple(sorted(known.told(made).members.items()))
    command = AddAccount(org, NAME, made.service, made.sealed or b"", shown)
    answer = write.answered(call.request_id, known.told, call.principal.org_id, 201)
    return await call.submit(command, answer, key)


async def test_account(call: Call) -> Answer:
    """Ask the service whether the account works."""
    bodies.no_query(call)
    service = _service(call)
    found = await call.read(accounts.provider_account, service)
    if found is None:
        raise _unknown()
    fault = await _accounts(call).check(found)
    return Answer(200, write.encode(wire.Tested(service, fault is None, fault)))


async def remove_account(call: Call) -> Answer:
    """Forget an account. Payments that the service holds wait for an account to come back."""
    bodies.no_query(call)
    service = _service(call)
    key = bodies.keyed(call, "removeAccount", (), bodies.Body({}), service.encode())
    answer = write.answered(call.request_id, _accounts(call).told, call.principal.org_id)
    return await call.submit(RemoveAccount(call.principal.org, NAME, service), answer, key)


def _accounts(call: Call) -> ProviderAccounts:
    found = call.services.provider_accounts
    assert found is not None, "a server of the native API has the payment services"
    return found


def _service(call: Call) -> wire.Service:
    told = call.path_ids["provider"]
    if told not in _SERVICES:
        raise _unknown()
    return told  # type: ignore[return-value]  # it is one of them


def _unknown() -> Exception:
    return refuse(Reason.NO_SUCH_ROUTE, "The organization has no such account.")


_PROVIDER = Parameter(
    "provider", "path", {"type": "string", "enum": list(_SERVICES)}, True,
    "The payment service.",
)  # fmt: skip
OPERATIONS = (
    Operation(
        method="GET", path="/v1/providers", operation_id="listAccounts",
        summary="List accounts at payment services", handler=list_accounts, access=_READ,
        tag="Providers",
        responses={200: Response("All accounts, without what is secret", wire.AccountPage),
                   **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/providers", operation_id="addAccount",
        summary="Add an account at a payment service", handler=add_account, access=_WRITE,
        tag="Providers", parameters=(KEY,), body=wire.AddAccount,
        description="An account that the organization has at the service is replaced. What is "
        "secret is sealed in the book, and never shown.",
        responses={200: Response("The account, which replaced another one", wire.Account, REPLAYED),
                   201: Response("The account", wire.Account, REPLAYED), **BODY_ERRORS},
    ),
    Operation(
        method="POST", path="/v1/providers/{provider}/test", operation_id="testAccount",
        summary="Ask a payment service whether the account works", handler=test_account,
        access=_WRITE, tag="Providers", parameters=(_PROVIDER,),
        description="Nothing is charged.",
        responses={200: Response("What the service says", wire.Tested), **ERRORS, 404: NOT_FOUND},
    ),
    Operation(
        method="DELETE", path="/v1/providers/{provider}", operation_id="removeAccount",
        summary="Remove an account at a payment service", handler=remove_account, access=_WRITE,
        tag="Providers", parameters=(_PROVIDER, KEY),
        description="Payments that the service holds wait for an account to come back.",
        responses={200: Response("The account, which is removed", wire.Account, REPLAYED),
                   **CHANGED},
    ),
)  # fmt: skip
