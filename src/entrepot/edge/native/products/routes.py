"""The native API's products: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from entrepot.core import ids
from entrepot.core.refusal import Refused
from entrepot.edge import goods_names, prefixes, revisions
from entrepot.edge.dialect import IF_NONE_MATCH, UNCHANGED, Call, Operation, Parameter, Response
from entrepot.edge.native import as_read, bodies, paging, tagged
from entrepot.edge.native.documented import (
    BODY_ERRORS,
    CHANGING_ONE,
    ERRORS,
    IF_MATCH,
    KEY,
    NOT_FOUND,
    WRITTEN,
)
from entrepot.edge.native.goods.routes import READ, WRITE
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.edge.native.products import read, wire, write
from entrepot.store.reading import products
from entrepot.writer.envelope import Answer

_MAKE, _AMEND = bodies.decoder(wire.MakeProduct), bodies.decoder(wire.AmendProduct)
_MEMBERS = (
    "name", "variants", "handle", "description", "image_url", "type", "custom_type", "brand",
    "category", "vendor", "status", "properties",
)  # fmt: skip


async def list_products(call: Call) -> Answer:
    """A page of products."""
    asked = bodies.query(call, wire.ProductQuery)
    skus = goods_names.of_sku(asked.sku)
    pages = paging.Pages(call, asked)
    wanted = products.Wanted(pages.id_after(), asked.status, asked.handle, skus)
    found = await call.read(products.page, wanted, asked.limit)
    listed = list(map(write.product, found.products))
    page = wire.ProductPage(listed, pages.behind(found.after))
    return Answer(200, write.encode(page))


async def get_product(call: Call) -> Answer:
    """Answer with one product, deleted or not."""
    bodies.no_query(call)
    found = await call.read(products.product, _id(call))
    if found is None:
        raise Refused(write.NO_PRODUCT)
    return tagged.shown(call, write.tag(found), lambda: write.encode(write.product(found)))


async def make_product(call: Call) -> Answer:
    """Make a product with its variants."""
    dry = bodies.is_dry(call)
    told, body = await bodies.read(call, _MAKE)
    key = bodies.keyed(call, "makeProduct", _MEMBERS, body)
    command = read.make_product(told, call.principal)
    return await tagged.carry_out(call, command, key, 201, write.told, dry=dry)


async def amend_product(call: Call) -> Answer:
    """Change a product and its variants together, or nothing."""
    dry, product_id = bodies.is_dry(call), _id(call)
    expected = revisions.expected(call.headers)
    command, key = await as_read.changing(
        call, _AMEND, lambda: call.read(products.product, product_id), write.product,
        lambda body: bodies.keyed(call, "amendProduct", _MEMBERS, body, product_id),
        lambda told: read.amend_product(told, product_id, call.principal, expected),
        dry=dry,
    )  # fmt: skip
    return await tagged.carry_out(call, command, key, 200, write.told, dry=dry)


def _id(call: Call) -> bytes:
    """The id of the path. Refused: what is no id."""
    found = ids.spelled(call.path_ids["id"], *prefixes.PRODUCT)
    if found is None:
        raise Refused(write.NO_PRODUCT)
    return found


_ID = Parameter("id", "path", {"type": "string", "format": "uuid"}, True, "The product's id.")
_DRY = bodies.parameters(
    bodies.Dry, dry_run="Answer with the product as it would be; nothing is kept."
)
_WOULD_BE = Response("The product as it would be, in a dry run", wire.Product)
OPERATIONS = (
    Operation(
        method="GET", path="/v1/products", operation_id="listProducts", summary="List products",
        handler=list_products, access=READ, tag="Products",
        description="With a `status`, a page may have fewer products than `limit` and a `next`.",
        parameters=bodies.parameters(
            wire.ProductQuery, status="With this status.", handle="With this handle.",
            sku="With a variant that has this SKU.", limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of products", wire.ProductPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/products", operation_id="makeProduct", summary="Make a product",
        handler=make_product, access=WRITE, tag="Products", parameters=(KEY, *_DRY),
        body=wire.MakeProduct,
        responses={200: _WOULD_BE, 201: Response("The product", wire.Product, WRITTEN),
                   **BODY_ERRORS},
    ),
    Operation(
        method="GET", path="/v1/products/{id}", operation_id="getProduct", summary="Get a product",
        handler=get_product, access=READ, tag="Products",
        parameters=(_ID, IF_NONE_MATCH),
        responses={200: Response("The product with its variants", wire.Product, ("ETag",)),
                   304: UNCHANGED, **ERRORS, 404: NOT_FOUND},
    ),
    Operation(
        method="PATCH", path="/v1/products/{id}", operation_id="amendProduct",
        summary="Change a product and its variants", handler=amend_product, access=WRITE,
        tag="Products",
        description="Variants are removed, then changed, then added; if any of it is refused, "
        "nothing changes. A product whose `status` becomes `deleted` stays deleted.",
        parameters=(_ID, KEY, IF_MATCH, *_DRY), body=wire.AmendProduct,
        responses={200: Response("The product as it now is", wire.Product, WRITTEN),
                   **CHANGING_ONE},
    ),
)  # fmt: skip
