"""Requests that search orders: by each name that people have for an order or its customer."""

from __future__ import annotations

from urllib.parse import quote

from bench import book
from bench.fill import Filled
from bench.reading import Reading
from entrepot.testing.server import Server

# Each search, and the column of an order that has the searched text.
_SAID = {
    "a sender's id": "sender_id", "an external id": "external_id",
    "an external reference": "external_reference", "a name of the order": "external_name",
    "a payment's reference": "payment_reference", "a mailbox": "email", "a telephone": "phone",
}  # fmt: skip


def every(filled: Filled, server: Server) -> list[Reading]:
    """Orders that a text means: one, few or many, alone and within another filter."""
    headers = {"Authorization": f"Bearer {server.credentials['native']['api_key']}"}
    half = filled.orders // 2
    found = {said: _one(filled, column, half) for said, column in _SAID.items()}
    texts = {"the number": f"#{half}", "the number alone": f"{half}", **found}
    texts["two words"] = f"byron {found['a mailbox']}"
    texts["a first name of many"] = "ada"
    texts["a full name of many"] = "ada byron"
    texts["a beginning of many"] = "ad"
    texts["a SKU of many"] = "MUG-01"
    texts["nobody"] = "nobody-is-called-so"
    queries = {f"q, {said}": f"q={quote(text)}" for said, text in texts.items()}
    queries["q, a SKU of many, failed"] = "q=MUG-01&stage=failed"
    queries["q, a name of many, cancelled"] = "q=ada&stage=cancelled"
    lists = [
        Reading(f"native orders, {said}", headers, (f"/v1/orders?{query}",))
        for said, query in queries.items()
    ]
    named = {"its number": f"#{half}", **{said: found[said] for said in list(_SAID)[:4]}}
    return lists + [
        Reading(f"native order by {said}", headers, (f"/v1/orders/{quote(text, safe='')}",))
        for said, text in named.items()
    ]


def _one(filled: Filled, column: str, half: int) -> str:
    """The text of the column in an order from the middle of the book."""
    its = f"SELECT {column} FROM orders WHERE {column} IS NOT NULL AND number >= {half}"
    [(text,)] = book.rows(filled.url, f"{its} ORDER BY org, number LIMIT 1")
    return str(text)
