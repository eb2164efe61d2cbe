"""Polinate's items: the path table, and the lines that connect reading, the writer or a question,
and writing."""

from __future__ import annotations

from entrepot.core.products import FullProduct
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import prefixes, read_only, revisions
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import IF_NONE_MATCH, UNCHANGED, Call, Operation, Parameter, Response
from entrepot.edge.keys import idempotency_key
from entrepot.edge.polinate.documented import BODY_ERRORS, ERRORS, HEADERS, NOT_FOUND, TEXT
from entrepot.edge.polinate.items import read, wire, write
from entrepot.edge.polinate.orders import values
from entrepot.edge.polinate.wire import StandardError
from entrepot.store.reading import products
from entrepot.writer.envelope import Answer

_KEY = Parameter(
    "Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255}, False,
    "One intent, one key: a repeat is answered with the first answer.",
)  # fmt: skip
_ID = Parameter("id", "path", TEXT, True, "The item's id, as a UUID or with the prefix `itm_`.")
_IF_MATCH = Parameter(
    "If-Match", "header", TEXT, False, "The ETag that is meant: 412 where the item has another."
)
_REPLAYED = ("Idempotent-Replayed",)


async def create_item(call: Call) -> Answer:
    """Make an item with its variants."""
    body, members = await call.parsed(read.creation)
    key = idempotency_key(call.headers)
    command, idempotency = await call.worked(read.make_item, body, members, key, call.principal)
    return await call.submit(command, write.created(call.request_id), idempotency)


async def get_item(call: Call) -> Answer:
    """Answer with one item and its variants, deleted or not."""
    found = await call.read(products.product, _id(call))
    if found is None:
        raise refuse(Reason.UNKNOWN_PRODUCT)
    return revisions.shown(call, write.tag(found), lambda: write.item_answer(found))


async def update_item(call: Call) -> Answer:
    """Change an item and its variants together, or nothing."""
    product_id = _id(call)
    body, members = await call.parsed(read.changes)
    call.ignored = read.ignored(members)
    key, expected = idempotency_key(call.headers), revisions.expected(call.headers)
    command, idempotency = await call.worked(
        read.amend_item, body, members, product_id, key, call.principal, expected
    )  # fmt: skip

    def tagged(one: FullProduct) -> None:
        call.etag = write.tag(one)

    answer = await call.submit(command, write.amended(call.request_id, tagged), idempotency)
    return await read_only.told(call, read.claims(members), answer)


def _id(call: Call) -> bytes:
    """The id of the path. Refused: what is no id."""
    found = values.id_of(call.path_ids["id"], *prefixes.PRODUCT)
    if found is None:
        raise refuse(Reason.UNKNOWN_PRODUCT)
    return found


OPERATIONS = (
    Operation(
        method="POST", path="/api/v1/items", operation_id="createItem",
        summary="Make an item and its variants", handler=create_item, access=WRITERS, tag="Items",
        description="Every variant is put on the default item list.",
        parameters=(*HEADERS, _KEY), body=wire.CreateItem,
        responses={201: Response("The item was made", wire.Created, _REPLAYED), **BODY_ERRORS},
    ),
    Operation(
        method="GET", path="/api/v1/items/{id}", operation_id="getItem", summary="Get an item",
        handler=get_item, tag="Items", parameters=(_ID, *HEADERS, IF_NONE_MATCH),
        responses={200: Response("The item with its variants", wire.Item, ("ETag",)),
                   304: UNCHANGED, **ERRORS, 404: NOT_FOUND},
    ),
    Operation(
        method="PATCH", path="/api/v1/items/{id}", operation_id="updateItem",
        summary="Update an item and its variants", handler=update_item, access=WRITERS,
        tag="Items",
        description="Variants are deleted, then updated, then created, together with the members "
        "at the root; if any of it is refused, nothing changes. Properties are merged deeply.",
        parameters=(_ID, *HEADERS, _KEY, _IF_MATCH), body=wire.UpdateItem,
        responses={200: Response("The whole item as it now is", wire.Item,
                                 (*_REPLAYED, "ETag", "Warning")),
                   **BODY_ERRORS, 404: NOT_FOUND,
                   412: Response("Not the version that If-Match names", StandardError)},
    ),
)  # fmt: skip
