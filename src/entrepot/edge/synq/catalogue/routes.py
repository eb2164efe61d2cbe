"""Synq's look at the catalogue as a whole: the path table, and the lines that connect a question
and its answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from entrepot.core.products import DELETED
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.reply import Reply
from entrepot.edge.synq.catalogue import wire, write
from entrepot.edge.synq.documented import ERRORS, HEADERS
from entrepot.edge.synq.products.wire import Product
from entrepot.edge.synq.products.write import product
from entrepot.store.reading import products, stock_figures
from entrepot.writer.envelope import Answer

#: Products that are looked at for what they lack: those that were changed last.
LOOKED_AT = 500
#: Products that are read at once for the export.
AT_ONCE = 200
_EXPORT = "/api/v1/pim/export"
_EXPORTED = wire.Exported("success", f"GET {_EXPORT} answers with all products.")


async def list_issues(call: Call) -> Answer:
    """Answer with what the products lack that were changed last."""
    found = await call.read(products.newest, LOOKED_AT)
    return Answer(200, write.encode(write.issues(found)))


async def get_stats(call: Call) -> Answer:
    """Answer with the figures of the catalogue."""
    return Answer(200, write.encode(write.stats(await call.read(stock_figures.figures))))


async def ask_for_export(_call: Call) -> Answer:
    """Say where the export is found."""
    return Answer(202, write.encode(_EXPORTED))


async def export(call: Call) -> Reply:
    """Answer with all products, page by page: nothing is kept for it."""
    return Reply(200, _exported(call))


async def _exported(call: Call) -> AsyncIterator[bytes]:
    after, between = None, b"["
    while between:
        page = await call.read(products.page, products.Wanted(after), AT_ONCE)
        for one in page.products:
            if one.product.status != DELETED:
                yield between + write.encode(product(one, call.principal))
                between = b","
        after = page.after
        if after is None:
            yield b"[]" if between == b"[" else b"]"
            break


OPERATIONS = (
    Operation(
        method="GET", path="/api/v1/pim/validation", operation_id="listIssues",
        summary="List what products lack", handler=list_issues, tag="Catalogue",
        parameters=HEADERS,
        description=f"Of the {LOOKED_AT} products that were changed last, the latest first.",
        responses={200: Response("What is missing", list[wire.Issue]), **ERRORS},
    ),
    Operation(
        method="GET", path="/api/v1/pim/stats", operation_id="getStats",
        summary="Get figures of the catalogue", handler=get_stats, tag="Catalogue",
        parameters=HEADERS,
        description=f"Counted over at most {stock_figures.LOOKED_AT:,} shelves; `complete` says "
        "whether these are all.",
        responses={200: Response("The figures", wire.Stats), **ERRORS},
    ),
    Operation(
        method="POST", path=_EXPORT, operation_id="askForExport", summary="Ask for an export",
        handler=ask_for_export, access=WRITERS, tag="Catalogue", parameters=HEADERS,
        responses={202: Response("Where the export is found", wire.Exported), **ERRORS},
    ),
    Operation(
        method="GET", path=_EXPORT, operation_id="exportProducts", summary="Export all products",
        handler=export, tag="Catalogue", parameters=HEADERS,
        responses={200: Response("All products with their variants, oldest first",
                                 list[Product]), **ERRORS},
    ),
)  # fmt: skip
