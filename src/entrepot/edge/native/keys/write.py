"""Keys in the words of the native API; pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core import ids
from entrepot.core.keys import OwnKey
from entrepot.core.refusal import Refusal
from entrepot.core.results import KeyResult, Result
from entrepot.core.scopes import MEANINGS, opened_by
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.keys import wire
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.store.accounts import ListedCredential
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(wire.Key).decode


def key(one: OwnKey | ListedCredential, secret: None | UnsetType = UNSET) -> wire.Key:
    """A key. Of a native key's role its scopes are shown."""
    native = one.dialect == NAME
    opened = opened_by(one.role) if native else ()
    return wire.Key(
        ids.dashed(one.id),
        one.name,
        one.dialect,
        [scope for scope in MEANINGS if scope in opened] if native else None,
        None if native else one.role,
        millis_text(one.created_at),
        None if one.revoked_at is None else millis_text(one.revoked_at),
        secret,
    )


def made(request_id: str) -> Callable[[Result | Refusal], Answer]:
    """The answer to the making of a key as it is kept for repeats: without the secret."""
    return _answer(request_id, 201, None)


def revoked(request_id: str) -> Callable[[Result | Refusal], Answer]:
    """The answer to the revoking of a key: the key as it now is."""
    return _answer(request_id, 200, UNSET)


def _answer(
    request_id: str, status: int, secret: None | UnsetType
) -> Callable[[Result | Refusal], Answer]:
    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refusal_answer(result, request_id)
        assert isinstance(result, KeyResult)
        return Answer(status, encode(key(result.key, secret)))

    return answer


def with_secret(answer: Answer, secret: str) -> Answer:
    """The answer as it is sent to the sender of the first request."""
    told = _decode(answer.body)
    told.secret = secret
    return Answer(answer.status, encode(told))
