"""Requests that read products, buyers, price lists, stock and the like: pages, and every filter."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from bench import book
from bench.fill import Filled
from bench.reading import Reading
from bench.requests import Credentials, konvo, polinate, synq
from entrepot.core import ids
from entrepot.edge.native.paging import cursor
from entrepot.testing.server import Server

_NOUNS = {
    "categories": "category", "brands": "brand", "attributes": "attribute",
    "attribute-groups": "attribute_group", "templates": "template",
}  # fmt: skip
# Native lists that go by the id of a row of a table, the list's name first.
_BY_ID = (("variants", "variants"), ("locations", "locations"), ("products", "items"),
          ("price-lists", "item_lists"), ("customers", "customers"))  # fmt: skip
_SHELVES = (("stock", "stock_levels", ""), ("stock/valuation", "shelf_values", "by=shelf"),
            ("purchase-orders", "purchase_drafts", ""))  # fmt: skip


class Middle:
    """Rows in the middle of a book of `rows` rows of each kind."""

    def __init__(self, filled: Filled) -> None:
        self._url, self.half = filled.url, filled.orders // 2

    def row(self, columns: str, table: str, ordered: str = "id", where: str = "1 = 1") -> Any:
        """These columns of the middle row of a table."""
        [found] = book.rows(
            self._url,
            f"SELECT {columns} FROM {table} WHERE {where} "
            f"ORDER BY {ordered} LIMIT 1 OFFSET {self.half}",
        )
        return [bytes(one) if isinstance(one, memoryview) else one for one in found]


def every(filled: Filled, server: Server) -> list[Reading]:
    """All of them, in the order of the table."""
    told, middle = server.credentials, Middle(filled)
    return [
        *_one(filled, told, middle), *_synq(told, middle), *_native(told, middle),
        *_shelves(told, middle), *_konvo(told, middle),
    ]  # fmt: skip


def _read(
    name: str, headers: dict[str, str], path: str, queries: dict[str, dict[str, Any]]
) -> list[Reading]:
    return [
        Reading(f"{name}, {said}", headers, (f"{path}?{urlencode(query)}".rstrip("?"),))
        for said, query in queries.items()
    ]


def _native_headers(told: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {told['native']['api_key']}"}


def _one(filled: Filled, told: Credentials, middle: Middle) -> list[Reading]:
    """One of many, by its id."""
    headers = polinate(told).headers
    [buyer] = middle.row("id", "buyers")
    items = tuple(f"/api/v1/items/itm_{one.hex()}" for one in filled.sample)
    products = tuple(f"/api/v1/pim/products/{ids.dashed(one)}" for one in filled.sample)
    return [
        Reading("Synq product by id", synq(told).headers, products),
        Reading("Polinate item by id", headers, items),
        Reading("Polinate buyer by id", headers, (f"/api/v1/buyers/prt_{buyer.hex()}",)),
    ]


def _synq(told: Credentials, middle: Middle) -> list[Reading]:
    headers = synq(told).headers
    lists: dict[str, tuple[str, dict[str, Any]]] = {
        "products": ("limit=50", _behind(middle.row("id", "products", "updated_at DESC"))),
    }
    for path, kind in _NOUNS.items():
        row = middle.row("id", "taxa", "sorted_by, id", f"kind = '{kind}'")
        lists[path] = ("limit=50", _behind(row))
    lists["bulk-jobs"] = ("", {"type": "BULK_DELETE", **_behind(middle.row("id", "bulk_jobs"))})
    found = []
    for path, (_, behind) in lists.items():
        first = {name: value for name, value in behind.items() if name != "after"}
        queries = {"first page": first | {"limit": 50}, "page half way": behind | {"limit": 50}}
        found += _read(f"Synq {path}", headers, f"/api/v1/pim/{path}", queries)
    [product] = middle.row("product_id", "media")
    queries = {"first page": {}, "one product": {"product_id": ids.dashed(product)}}
    found += _read("Synq media", headers, "/api/v1/pim/media", queries)
    return found + [
        Reading(f"Synq {path}", headers, (f"/api/v1/{path}",)) for path in ("audit", "pim/audit")
    ]


def _behind(row: list[Any]) -> dict[str, Any]:
    return {"after": ids.dashed(row[0])}


def _native(told: Credentials, middle: Middle) -> list[Reading]:
    headers, found = _native_headers(told), []
    filters: dict[str, dict[str, dict[str, Any]]] = {"variants": {}, "products": {}}
    [sku] = middle.row("sku", "variants", where="sku LIKE 'SKU%'")
    [handle] = middle.row("handle", "products")
    [email, name] = middle.row("email, name", "customers", where="email IS NOT NULL")
    filters["variants"] = {"one SKU": {"sku": sku}}
    filters["products"] = {
        "one SKU": {"sku": sku}, "one handle": {"handle": handle},
        "status of most": {"status": "active"}, "status of none": {"status": "draft"},
    }  # fmt: skip
    filters["customers"] = {"one mailbox": {"email": email}, "one name": {"name": name}}
    for path, table in _BY_ID:
        [id_] = middle.row("id", table)
        queries = {"first page": {}, "page half way": {"after": cursor(id_.hex())}}
        found += _read(f"native {path}", headers, f"/v1/{path}", queries | filters.get(path, {}))
    [entry, variant] = middle.row("id, variant_id", "stock_entries")
    queries = {
        "first page": {}, "page half way": {"after": cursor(entry.hex())},
        "one variant": {"variant_id": ids.dashed(variant)},
    }  # fmt: skip
    found += _read("native stock ledger", headers, "/v1/stock/ledger", queries)
    [number] = middle.row("number", "events", "number")
    queries = {"first page": {}, "page half way": {"after": number},
               "of one type": {"types": "product.created"}}  # fmt: skip
    found += _read("native events", headers, "/v1/events", queries)
    return found


def _shelves(told: Credentials, middle: Middle) -> list[Reading]:
    """Lists that go by variant and location, and those of one webhook and one price list."""
    headers, found = _native_headers(told), []
    for path, table, said in _SHELVES:
        [variant, place] = middle.row("variant_id, location_id", table, "variant_id, location_id")
        base = dict([said.split("=")]) if said else {}
        queries = {"first page": base, "page half way": {
            **base, "after": cursor((variant + place).hex()),
        }}  # fmt: skip
        if table != "purchase_drafts":
            queries["one variant"] = {**base, "variant_id": ids.dashed(variant)}
            queries["one location"] = {**base, "location_id": ids.dashed(place)}
        found += _read(f"native {path}", headers, f"/v1/{path}", queries)
    found += _read("native stock", headers, "/v1/stock", {"low": {"low": "true"}})
    by = {f"by {one}": {"by": one} for one in ("variant", "location", "organization")}
    found += _read("native stock/valuation", headers, "/v1/stock/valuation", by)
    variant, listed = middle.row("variant_id, list_id", "item_list_entries", "variant_id",
                                 "price_units = 1100")  # fmt: skip
    queries = {"first page": {}, "page half way": {"after": cursor(variant.hex())}}
    path = f"/v1/price-lists/{ids.dashed(listed)}/entries"
    found += _read("native entries of a price list", headers, path, queries)
    number, hook = middle.row("number, webhook_id", "webhook_deliveries", "number")
    queries = {"first page": {}, "page half way": {"after": cursor(number)}}
    path = f"/v1/webhooks/{ids.dashed(hook)}/deliveries"
    return found + _read("native deliveries of a webhook", headers, path, queries)


def _konvo(told: Credentials, middle: Middle) -> list[Reading]:
    [email] = middle.row("email", "customers", where="email IS NOT NULL")
    queries = {"first page": {}, "page half way": {"page": middle.half // 50 + 1},
               "q, one mailbox": {"q": email}}  # fmt: skip
    return _read("Konvo contacts", konvo(told, 1).headers, "/contacts", queries)
