"""Requests that read what stands beside the orders of a book: campaigns, invoices, the log, stock;
and lists of orders by every filter of the native API and of Konvo's.
"""

from __future__ import annotations

from bench import book, fill_campaigns
from bench.fill import Filled
from bench.reading import KONVO_PAGE, POLINATE_PAGE, Reading, spelled
from bench.requests import Credentials, konvo, polinate, synq
from entrepot.core import ids
from entrepot.core.touches import CLICK
from entrepot.edge.native.paging import cursor
from entrepot.testing.server import Server


def every(filled: Filled, server: Server) -> list[Reading]:
    """All of them, in the order of the table, on a book that only its filling has written to."""
    told = server.credentials
    return [
        *_orders(filled, told), *_campaigns(filled, told), *_native(filled, told),
        *_invoices(filled, told),
    ]  # fmt: skip


def _orders(filled: Filled, told: Credentials) -> list[Reading]:
    half = filled.orders // 2
    [(created, updated)] = book.rows(
        filled.url, f"SELECT created_at, updated_at FROM orders WHERE number = {half}"
    )
    customer = (
        f"SELECT customer_id FROM contact_orders ORDER BY org, order_id LIMIT 1 OFFSET {half // 3}"
    )
    [(whose,)] = book.rows(filled.url, customer)
    created_at, updated_at = spelled(created), spelled(updated)
    queries = {
        "first page": "", "page half way": f"?after={cursor(half)}",
        "stage of many": "?stage=confirmed", "stage of few": "?stage=cancelled",
        "payment of few": "?payment=declined", "fulfilment of some": "?fulfilment=in_transit",
        "returns of many": "?returns=none", "returns of none": "?returns=requested",
        "attention of none": "?attention=true", "one customer": f"?customer_id={ids.dashed(whose)}",
        "created_after, newest half": f"?created_after={created_at}",
        "created_before, oldest half": f"?created_before={created_at}",
        "updated_after": f"?updated_after={updated_at}",
        "dialect of some": "?dialect=konvo", "dialect of none": "?dialect=native",
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {told['native']['api_key']}"}
    found = [
        Reading(f"native orders, {said}", headers, (f"/v1/orders{query}",))
        for said, query in queries.items()
    ]
    bounds = {
        "created_at_min": created_at, "created_at_max": created_at,
        "updated_at_min": updated_at, "updated_at_max": updated_at,
    }  # fmt: skip
    return found + [
        Reading(f"Konvo list, {name}", konvo(told, 1).headers, (f"/orders?{name}={at}",), "count")
        for name, at in bounds.items()
    ]


def _campaigns(filled: Filled, told: Credentials) -> list[Reading]:
    """Konvo's clicks, attributions and broadcasts: pages, bounds, and those of one origin."""
    headers = konvo(told, 1).headers
    found = []
    for name, table, at, bound in (
        ("clicks", "touches", "at", "created_at_min"),
        ("attributions", "attributions", "created_at", "created_at_min"),
        ("broadcasts", "broadcasts", "updated_at", "updated_at_min"),
    ):
        condition = f"WHERE kind = '{CLICK}'" if table == "touches" else ""
        [(rows,)] = book.rows(filled.url, f"SELECT count(*) FROM {table} {condition}")
        middle = f"SELECT {at} FROM {table} {condition} ORDER BY {at} LIMIT 1 OFFSET {rows // 2}"
        since = spelled(book.rows(filled.url, middle)[0][0])
        other = bound.replace("_min", "_max")
        queries = {
            "first page": f"limit={KONVO_PAGE}",
            f"{other}, oldest half": f"limit={KONVO_PAGE}&{other}={since}",
            "page half way": f"limit={KONVO_PAGE}&page={rows // 2 // KONVO_PAGE + 1}",
            f"{bound}, latest half": f"limit={KONVO_PAGE}&{bound}={since}",
        }
        if name != "broadcasts":
            origin = ids.dashed(fill_campaigns.campaign(fill_campaigns.CAMPAIGNS // 2))
            queries["one origin"] = f"limit={KONVO_PAGE}&originId={origin}"
            whose = f"SELECT customer_id FROM touches ORDER BY id LIMIT 1 OFFSET {rows // 2}"
            contact = ids.dashed(bytes(book.rows(filled.url, whose)[0][0]))
            queries["one contact"] = f"limit={KONVO_PAGE}&contact={contact}"
        if name == "attributions":
            queries["one type"] = f"limit={KONVO_PAGE}&type=MAIN"
            queries["one kind of origin"] = f"limit={KONVO_PAGE}&origin=broadcast"
            queries["type and origin"] = f"limit={KONVO_PAGE}&type=ASSIST&origin=flow"
        found += [
            Reading(f"Konvo {name}, {asked}", headers, (f"/{name}?{query}",), "count")
            for asked, query in queries.items()
        ]
    return found


def _invoices(filled: Filled, told: Credentials) -> list[Reading]:
    """Polinate's invoices with every filter, and the native API's."""
    [(many,)] = book.rows(filled.url, "SELECT max(number) FROM invoices")
    middle = f"SELECT created_at FROM invoices WHERE number = {many // 2}"
    since = spelled(book.rows(filled.url, middle)[0][0])
    having = "propertyPath=invoiceArtefact"
    queries = {
        "first page": "", "page half way": f"?page={many // 2 // POLINATE_PAGE + 1}",
        "createdSince, newest half": f"?createdSince={since}",
        "hasArtefact of some": "?hasArtefact=true", "hasArtefact=false": "?hasArtefact=false",
        "status of many": "?status=AUTHORISED", "status of none": "?status=OVERPAID",
        "propertyValue of some": f"?{having}&propertyValue=kept",
        "propertyExists of some": f"?{having}&propertyExists=true",
        "status and property": f"?status=AUTHORISED&{having}&propertyExists=false",
    }  # fmt: skip
    found = [
        Reading(f"Polinate invoices, {said}", polinate(told).headers,
                (f"/api/v1/invoices{query}",), "total")
        for said, query in queries.items()
    ]  # fmt: skip
    headers = {"Authorization": f"Bearer {told['native']['api_key']}"}
    after = cursor(many // 2)
    return found + [
        Reading(f"native invoices, {said}", headers, (f"/v1/invoices{query}",))
        for said, query in (("first page", ""), ("page half way", f"?after={after}"))
    ]


def _native(filled: Filled, told: Credentials) -> list[Reading]:
    """The native API's lists of what orders leave, and Synq's audit: pages."""
    headers = {"Authorization": f"Bearer {told['native']['api_key']}"}
    found = [Reading("Synq audit", synq(told).headers, ("/api/v1/audit",))]
    for name, table, ordered in (
        ("touches", "touches", "id"), ("broadcasts", "broadcasts", "id"),
        ("stock/ledger", "stock_entries", "id"), ("events", "events", "number"),
    ):  # fmt: skip
        half = f"(SELECT count(*) / 2 FROM {table})"
        middle = f"SELECT {ordered} FROM {table} ORDER BY {ordered} LIMIT 1 OFFSET {half}"
        [(last,)] = book.rows(filled.url, middle)
        after = last if name == "events" else cursor(bytes(last).hex())
        found += [
            Reading(f"native {name}, {said}", headers, (f"/v1/{name}{query}",))
            for said, query in (("first page", ""), ("page half way", f"?after={after}"))
        ]
    return found
