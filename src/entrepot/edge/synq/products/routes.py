"""Synq's products and variants: the path table, and the lines that connect reading, the writer or a
question, and writing.
"""

from __future__ import annotations

from dataclasses import replace

from entrepot.core.products import DELETED
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import known, prefixes, read_only
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import MIB, Call, Operation, Parameter, Response
from entrepot.edge.synq.documented import BODY_ERRORS, ERRORS, HEADERS
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.paging import paged, parameters
from entrepot.edge.synq.products import read, wire, write
from entrepot.edge.synq.wire import Error
from entrepot.store.reading import products
from entrepot.writer.envelope import Answer

#: As many in an answer.
SHOWN = 100
_PATH = "/api/v1/pim/products"


async def list_products(call: Call) -> Answer:
    """Answer with the products that were changed last, or with those behind one."""
    after, limit = paged(call, SHOWN)
    if after is None:
        found = await call.read(products.newest, limit)
    else:
        behind = await call.read(products.changed_before, after, limit)
        if behind is None:
            raise refuse(Reason.INVALID, "is no product of this list", "after")
        found = behind
    return Answer(200, write.encode(list(map(write.listed, found))))


async def get_product(call: Call) -> Answer:
    """Answer with one product. Refused: a deleted one."""
    found = await call.read(products.product, uuid(call.path_ids["id"], "id", *prefixes.PRODUCT))
    if found is None or found.product.status == DELETED:
        raise refuse(Reason.UNKNOWN_PRODUCT)
    return Answer(200, write.encode(write.product(found, call.principal)))


async def make_product(call: Call) -> Answer:
    """Make a product."""
    command = read.make_product(await call.json(read.MAKE), call.principal)
    return await call.submit(command, write.changed(call.principal, call.request_id, 201))


async def change_product(call: Call) -> Answer:
    """Change a product."""
    product_id = uuid(call.path_ids["id"], "id", *prefixes.PRODUCT)
    body, rest = await call.parsed(lambda body: known.with_rest(body, read.CHANGE))
    command = read.change_product(body, product_id, call.principal)
    answer = await call.submit(command, write.changed(call.principal, call.request_id))
    return await read_only.told(call, read_only.of_thing(rest, rest), answer)


async def delete_product(call: Call) -> Answer:
    """Delete a product. Orders keep what they have of it."""
    product_id = uuid(call.path_ids["id"], "id", *prefixes.PRODUCT)
    command = read.delete_product(product_id, call.principal)
    return await call.submit(command, write.deleted(call.request_id))


async def make_variant(call: Call) -> Answer:
    """Make one more variant of a product."""
    product_id = uuid(call.path_ids["product_id"], "product_id", *prefixes.PRODUCT)
    body = await call.parsed(lambda body: known.read(body, read.MAKE_VARIANT))
    command = read.make_variant(body, product_id, call.principal)
    return await call.submit(command, write.variant_made(call.principal, call.request_id))


def _id(name: str = "id") -> Parameter:
    return Parameter(name, "path", {"type": "string", "format": "uuid"}, True,
                     "UUID of the product.")  # fmt: skip


_UNKNOWN = {404: Response("No such product is known here", Error)}
_OPERATIONS = (
    Operation(
        method="GET", path=_PATH, operation_id="listProducts", summary="List products",
        handler=list_products, tag="Catalogue", parameters=(*HEADERS, *parameters(SHOWN)),
        description="An empty list is the end. A product that is changed meanwhile comes first "
        "again.",
        responses={200: Response(f"The {SHOWN} products that were changed last, or the next ones",
                                 list[wire.Listed]), **ERRORS},
    ),
    Operation(
        method="POST", path=_PATH, operation_id="makeProduct", summary="Make a product",
        handler=make_product, access=WRITERS, tag="Catalogue", parameters=HEADERS,
        body=wire.MakeProduct, body_max=10 * MIB,
        responses={201: Response("The product", wire.Product), **BODY_ERRORS},
    ),
    Operation(
        method="GET", path=f"{_PATH}/{{id}}", operation_id="getProduct", summary="Get a product",
        handler=get_product, tag="Catalogue", parameters=(_id(), *HEADERS),
        responses={200: Response("The product", wire.Product), **ERRORS, **_UNKNOWN},
    ),
    Operation(
        method="PUT", path=f"{_PATH}/{{id}}", operation_id="changeProduct",
        summary="Change a product", handler=change_product, access=WRITERS, tag="Catalogue",
        parameters=(_id(), *HEADERS), body=wire.ChangeProduct, body_max=10 * MIB,
        responses={200: Response("The product", wire.Product, ("Warning",)), **BODY_ERRORS,
                   **_UNKNOWN},
    ),
    Operation(
        method="DELETE", path=f"{_PATH}/{{id}}", operation_id="deleteProduct",
        summary="Delete a product", handler=delete_product, access=WRITERS, tag="Catalogue",
        parameters=(_id(), *HEADERS),
        responses={204: Response("The product is deleted", None), **ERRORS, **_UNKNOWN},
    ),
    Operation(
        method="POST", path=f"{_PATH}/{{product_id}}/variants", operation_id="makeVariant",
        summary="Make a variant", handler=make_variant, access=WRITERS, tag="Catalogue",
        parameters=(_id("product_id"), *HEADERS), body=wire.MakeVariant,
        responses={200: Response("The variant", wire.Variant), **BODY_ERRORS, **_UNKNOWN},
    ),
)  # fmt: skip


def _alias(one: Operation) -> Operation:
    """The same under the other path that the pages have for products."""
    path = one.path.replace("/api/v1/pim/", "/api/v1/", 1)
    return replace(one, path=path, operation_id=f"{one.operation_id}Alias",
                   description=f"The same as `{one.path}`.")  # fmt: skip


OPERATIONS = (*_OPERATIONS, *map(_alias, _OPERATIONS))
