"""The native API's keys: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from entrepot.core import ids, scopes
from entrepot.core.decide.keys import MakeKey, RevokeKey
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.native import bodies, lists
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.documented import BODY_ERRORS, CHANGED, ERRORS, KEY, REPLAYED
from entrepot.edge.native.keys import wire, write
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.edge.new_secret import new_secret
from entrepot.store import accounts
from entrepot.store.reading import keys
from entrepot.writer.envelope import Answer

_ACCESS = Scoped(scopes.KEYS_WRITE)
_MAKE = bodies.decoder(wire.MakeKey)


async def list_keys(call: Call) -> Answer:
    """A page of keys."""
    return await lists.by_id(call, wire.KeyQuery, keys.listed, write.key, wire.KeyPage)


async def make_key(call: Call) -> Answer:
    """Make a key, and show its secret once: the book keeps the secret nowhere, in no answer."""
    bodies.no_query(call)
    told, body = await bodies.read(call, _MAKE)
    once = bodies.keyed(call, "makeKey", ("scopes", "name"), body)
    secret = new_secret(NAME, call.services.cell)
    opens = scopes.text_of(frozenset([one.text for one in told.scopes]))
    command = MakeKey(
        call.principal.org, NAME, accounts.digest(secret), NAME, opens, told.name or "",
        call.principal.key_id,
    )  # fmt: skip
    answer = await call.submit(command, write.made(call.request_id), once)
    made_now = answer.status == 201 and not call.replayed
    return write.with_secret(answer, secret) if made_now else answer


async def revoke_key(call: Call) -> Answer:
    """Revoke a key of any dialect. This process takes it no more, others within a second."""
    bodies.no_query(call)
    key_id = ids.spelled(call.path_ids["id"])
    if key_id is None:
        raise refuse(Reason.NO_SUCH_ROUTE, "No such key is known here.")
    once = bodies.keyed(call, "revokeKey", (), bodies.Body({}), key_id)
    command = RevokeKey(call.principal.org, NAME, key_id, call.principal.key_id)
    answer = await call.submit(command, write.revoked(call.request_id), once)
    if answer.status == 200:
        call.services.admission.forget(key_id)
    return answer


OPERATIONS = (
    Operation(
        method="GET", path="/v1/keys", operation_id="listKeys", summary="List keys",
        handler=list_keys, access=_ACCESS, tag="Keys",
        parameters=bodies.parameters(wire.KeyQuery, limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of keys, without secrets", wire.KeyPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/keys", operation_id="makeKey", summary="Make a key",
        handler=make_key, access=_ACCESS, tag="Keys", parameters=(KEY,), body=wire.MakeKey,
        description="The secret is shown in this answer and never again. A repeat under an "
        "`Idempotency-Key` has `null` in its place.",
        responses={201: Response("The key, with its secret", wire.Key, REPLAYED), **BODY_ERRORS},
    ),
    Operation(
        method="DELETE", path="/v1/keys/{id}", operation_id="revokeKey", summary="Revoke a key",
        handler=revoke_key, access=_ACCESS, tag="Keys",
        parameters=(
            Parameter("id", "path", {"type": "string", "format": "uuid"}, True, "The key's id."),
            KEY,
        ),
        responses={200: Response("The key, which is revoked", wire.Key, REPLAYED), **CHANGED},
    ),
)  # fmt: skip
