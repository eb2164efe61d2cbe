"""Accounts at payment services in the words of the native API; pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from entrepot.core import ids
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.core.results import AccountResult
from entrepot.edge.native.providers import wire
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.notifications import PATH
from entrepot.edge.provider_accounts import Told
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode


def account(one: ProviderAccount, told: Told, org_id: bytes) -> wire.Account:
    """An account of the organization with this id."""
    path = PATH.format(provider=one.service, organization=ids.dashed(org_id))
    return wire.Account(
        one.service, dict(told.members), dict(told.secrets), told.unusable, path,  # type: ignore[arg-type]  # a service that is known
        millis_text(one.added_at),
    )  # fmt: skip


def answered(
    request_id: str, tell: Callable[[ProviderAccount], Told], org_id: bytes, status: int = 200
) -> Written:
    """The answer to a write: `status` where there was no account before, else 200."""

    def answer(result: AccountResult) -> Answer:
        shown = account(result.account, tell(result.account), org_id)
        return Answer(200 if result.changed else status, encode(shown))

    return written(refusal_answer, request_id, AccountResult, answer)
