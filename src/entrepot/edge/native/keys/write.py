"""Keys in the words of the native API; pure."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core import ids
from entrepot.core.keys import OwnKey
from entrepot.core.results import KeyResult
from entrepot.core.scopes import MEANINGS, opened_by
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.keys import wire
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written, written
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


def made(request_id: str) -> Written:
    """The answer to the making of a key as it is kept for repeats: without the secret."""
    return _answer(request_id, 201, None)


def revoked(request_id: str) -> Written:
    """The answer to the revoking of a key: the key as it now is."""
    return _answer(request_id, 200, UNSET)


def _answer(request_id: str, status: int, secret: None | UnsetType) -> Written:
    def answer(result: KeyResult) -> Answer:
        return Answer(status, encode(key(result.key, secret)))

    return written(refusal_answer, request_id, KeyResult, answer)


def with_secret(answer: Answer, secret: str) -> Answer:
    """The answer as it is sent to the sender of the first request."""
    told = _decode(answer.body)
    told.secret = secret
    return Answer(answer.status, encode(told))
