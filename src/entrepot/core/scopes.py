"""Scopes of native keys: what a key opens. A key has scopes by name, or a role that stands for
several."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Final

ORDERS_READ, ORDERS_WRITE = "orders:read", "orders:write"
MONEY_WRITE = "money:write"
STOCK_READ, STOCK_WRITE = "stock:read", "stock:write"
EVENTS_READ = "events:read"
SETTINGS_READ, SETTINGS_WRITE = "settings:read", "settings:write"
KEYS_WRITE = "keys:write"
CAMPAIGNS_READ, CAMPAIGNS_WRITE = "campaigns:read", "campaigns:write"
CUSTOMERS_READ, CUSTOMERS_WRITE = "customers:read", "customers:write"

MEANINGS: Final = MappingProxyType({
    ORDERS_READ: "read, list and search orders",
    ORDERS_WRITE: "place, amend, hold, ship, cancel and take back orders, and write notes",
    MONEY_WRITE: "capture and refund money",
    STOCK_READ: "read variants, price lists, locations, stock levels and the ledger",
    STOCK_WRITE: "make and change variants and price lists, make locations, and adjust stock",
    EVENTS_READ: "read the organization's events",
    SETTINGS_READ: "read settings and accounts at payment providers",
    SETTINGS_WRITE: "change settings and accounts at payment providers",
    KEYS_WRITE: "list, make and revoke keys",
    CAMPAIGNS_READ: "read touches of contacts, and broadcasts",
    CAMPAIGNS_WRITE: "record touches of contacts, and broadcasts",
    CUSTOMERS_READ: "read customers, their partnerships, contacts and locations",
    CUSTOMERS_WRITE: "make and change customers, their partnerships, contacts and locations",
})  # fmt: skip
_ALL = frozenset(MEANINGS)
_READ = frozenset(scope for scope in _ALL if scope.endswith(":read"))
# What the roles stand for. A role that is not here stands for nothing.
OF_ROLE: Final = MappingProxyType({
    "ADMIN": _ALL,
    "EDITOR": _READ | {ORDERS_WRITE, MONEY_WRITE, STOCK_WRITE, CAMPAIGNS_WRITE, CUSTOMERS_WRITE},
    "MEMBER": _READ | {ORDERS_WRITE},
    "VIEWER": _READ,
})  # fmt: skip


# A server meets few different texts, and each with every request.
@lru_cache(maxsize=1024)
def opened_by(role: str) -> frozenset[str]:
    """The scopes of a key with this role, or with these scopes, which have blanks between them."""
    named = OF_ROLE.get(role.upper())
    return frozenset(role.split()) & _ALL if named is None else named


def text_of(scopes: frozenset[str]) -> str:
    """The scopes as a key is kept with them, in the order of the table."""
    return " ".join([scope for scope in MEANINGS if scope in scopes])
