"""Who may call an operation: holders of credentials with a role, senders of a signature, everybody.

An operation says one of the three. What credentials are is the dialect's; what a signature is, is
the operation's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias

from entrepot.edge.services import Services


class Roles(Enum):
    """Which roles of a dialect's credentials are enough."""

    ANY = "any"
    WRITERS = "writers"  # everybody but a VIEWER
    ADMINS = "admins"

    def take(self, role: str) -> bool:
        """Whether a role, in either case, is one of these."""
        if self is Roles.ANY:
            return True
        return role.upper() == "ADMIN" if self is Roles.ADMINS else role.upper() != "VIEWER"


class Principal(NamedTuple):
    """Who is calling, and on behalf of which organization."""

    org: int
    org_id: bytes
    tenant_id: bytes
    role: str
    actor: str = ""  # as the events of this caller's commands tell it; see core.actor


# Who calls an operation that everybody may call. The call reads nothing: there is no organization.
NOBODY = Principal(0, b"", b"", "")

Verify: TypeAlias = Callable[[Mapping[str, str], bytes, Services], Awaitable[Principal]]


@dataclass(slots=True, frozen=True)
class Credentials:
    """The dialect's credentials, with one of these roles."""

    roles: Roles = Roles.ANY


@dataclass(slots=True, frozen=True)
class Signature:
    """Whoever signed the body. `verify` is given headers and body, as they were sent.

    It returns on whose behalf the request is, and refuses with UNAUTHENTICATED.
    """

    verify: Verify


@dataclass(slots=True, frozen=True)
class Everybody:
    """No credentials are asked for, and none are looked at."""


Access = Credentials | Signature | Everybody
READERS = Credentials()
WRITERS = Credentials(Roles.WRITERS)
ADMINS = Credentials(Roles.ADMINS)
