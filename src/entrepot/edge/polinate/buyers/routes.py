"""Polinate's buyers: the path table, and the lines that connect reading, the writer or a question,
and writing."""

from __future__ import annotations

from entrepot.core.buyers import Partner
from entrepot.core.partnerships import ACTIVE
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import read_only, revisions
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import (
    IF_NONE_MATCH,
    UNCHANGED,
    Call,
    Operation,
    Parameter,
    Response,
)
from entrepot.edge.keys import idempotency_key
from entrepot.edge.polinate.buyers import read, wire, write
from entrepot.edge.polinate.documented import BODY_ERRORS, ERRORS, HEADERS, NOT_FOUND
from entrepot.edge.polinate.wire import StandardError
from entrepot.store.reading import partners
from entrepot.writer.envelope import Answer

_PATH = "/api/v1/buyers"
_KEY = Parameter(
    "Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255}, False,
    "One intent, one key: a repeat is answered with the first answer.",
)  # fmt: skip
_ID = Parameter(
    "id", "path", {"type": "string"}, True,
    "The buyer's id, or that of the partnership.",
)  # fmt: skip
_IF_MATCH = Parameter(
    "If-Match", "header", {"type": "string"}, False,
    "The ETag that is meant: 412 where the buyer has another.",
)  # fmt: skip
_REPLAYED = ("Idempotent-Replayed",)


async def create_buyer(call: Call) -> Answer:
    """Make a buyer with contacts and locations."""
    body = await call.parsed(read.new_buyer)
    command, key = await call.worked(
        read.create_buyer, body, idempotency_key(call.headers), call.principal
    )
    answer = await call.submit(command, write.made(call.request_id), key)
    if command.status != ACTIVE:
        call.services.admission.look_again(call.principal.org_id)
    return answer


async def get_buyer(call: Call) -> Answer:
    """Answer with one buyer, whoever told of the customer first."""
    found = await call.read(partners.partner, read.buyer_id(call.path_ids["id"]))
    if found is None:
        raise refuse(Reason.NO_SUCH_CUSTOMER)
    return revisions.shown(call, write.tag(found), lambda: write.buyer_answer(found))


async def update_buyer(call: Call) -> Answer:
    """Change a buyer, the contacts, the locations and the partnership together, or nothing.

    A partnership that accepts no orders takes none here from now on, elsewhere within a second.
    """
    body, call.ignored, claims = await call.parsed(read.changes)
    key = idempotency_key(call.headers)
    id_ = read.buyer_id(call.path_ids["id"])
    command, idempotency = await call.worked(
        read.change_buyer, body, id_, key, call.principal, call.headers
    )

    def tagged(one: Partner) -> None:
        call.etag = write.tag(one)

    answer = await call.submit(command, write.changed(call.request_id, tagged), idempotency)
    if command.status is not None:
        call.services.admission.look_again(call.principal.org_id)
    return await read_only.told(call, claims, answer)


OPERATIONS = (
    Operation(
        method="POST", path=_PATH, operation_id="createBuyer",
        summary="Create a buyer (phantom) and related contacts/locations", handler=create_buyer,
        access=WRITERS, tag="Buyers", parameters=(*HEADERS, _KEY), body=wire.CreateBuyer,
        description="The buyer is a customer of the organization in every dialect. The default "
        "item list applies to the new partnership.",
        responses={201: Response("The ids of the buyer", wire.BuyerMade, _REPLAYED),
                   **BODY_ERRORS},
    ),
    Operation(
        method="GET", path=f"{_PATH}/{{id}}", operation_id="getBuyer", summary="Get a buyer by id",
        handler=get_buyer, tag="Buyers", parameters=(_ID, *HEADERS, IF_NONE_MATCH),
        responses={200: Response("The buyer", wire.PartnershipBuyer, ("ETag",)), 304: UNCHANGED,
                   **ERRORS, 404: NOT_FOUND},
    ),
    Operation(
        method="PATCH", path=f"{_PATH}/{{id}}", operation_id="updateBuyer",
        summary="Update a buyer", handler=update_buyer, access=WRITERS, tag="Buyers",
        description="Contacts and locations are deleted, then updated, then created, together "
        "with the core fields; if any of it is refused, nothing changes. Of a customer whom "
        "orders brought only the status of the partnership can be changed.",
        parameters=(_ID, *HEADERS, _KEY, _IF_MATCH), body=wire.UpdateBuyer,
        responses={200: Response("The whole buyer as it now is", wire.PartnershipBuyer,
                                 (*_REPLAYED, "ETag", "Warning")),
                   **BODY_ERRORS,
                   403: Response("This key may only read, or others tell of the buyer",
                                 StandardError),
                   404: NOT_FOUND,
                   412: Response("Not the version that If-Match names", StandardError)},
    ),
)  # fmt: skip
