"""The four kinds of callers of an operation: holders of credentials with a role, holders of a key
with a scope, senders of a signature, everybody.

An operation names one of the four. The dialect says what its credentials are. The operation says
what its signature is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias

from entrepot.core.naming import capitals
from entrepot.edge.services import Services


class Roles(Enum):
    """The roles that are enough, among the roles of a dialect's credentials."""

    ANY = "any"
    WRITERS = "writers"  # everybody but a VIEWER
    ADMINS = "admins"

    def take(self, role: str) -> bool:
        """Whether a role, in either case, is one of these."""
        if self is Roles.ANY:
            return True
        return capitals(role) == "ADMIN" if self is Roles.ADMINS else capitals(role) != "VIEWER"


class Principal(NamedTuple):
    """The caller, and the organization that the caller acts for."""

    org: int
    org_id: bytes
    tenant_id: bytes
    role: str
    actor: str = ""  # as the events of this caller's commands tell it; see core.actor
    scopes: frozenset[str] = frozenset()  # what the caller's key opens, in a dialect with scopes
    key_id: bytes | None = None  # the id of the caller's key, in a dialect with scopes
    # Whether a channel of the organization may accept no orders: then an order looks.
    closed_channels: bool = False
    # Whether a partnership of the organization may accept no orders, as above.
    closed_partnerships: bool = False
    # Whether a partnership of the organization has a price list: then lines look at prices.
    price_lists: bool = False


# The caller of an operation for everybody. Such a call reads nothing: it has no organization.
NOBODY = Principal(0, b"", b"", "")

Verify: TypeAlias = Callable[[Mapping[str, str], bytes, Services], Awaitable[Principal]]


@dataclass(slots=True, frozen=True)
class Credentials:
    """The dialect's credentials, with one of these roles."""

    roles: Roles = Roles.ANY


@dataclass(slots=True, frozen=True)
class Scoped:
    """The dialect's credentials, with this scope."""

    scope: str


@dataclass(slots=True, frozen=True)
class Signature:
    """The sender of a signed body. `verify` takes the headers and the body as they were sent.

    It returns the caller. It refuses a wrong signature with UNAUTHENTICATED.
    """

    verify: Verify


@dataclass(slots=True, frozen=True)
class Everybody:
    """No credentials are asked for, and none are looked at."""


Access = Credentials | Scoped | Signature | Everybody
READERS = Credentials()
WRITERS = Credentials(Roles.WRITERS)
ADMINS = Credentials(Roles.ADMINS)
