"""Accounts at payment services: where they are, what is kept of them, and who answers payments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, and_, func, not_, or_, select

from entrepot.core.exponents import TABLES
from entrepot.store import schema
from entrepot.store.verify.statements import Check

_SANDBOX: Final = "sandbox"
# A sealed text: a version, the name of its key, a nonce, and at least the tag of what is sealed.
_VERSION: Final = b"\x01"
_SEALED_BYTES_MIN: Final = 1 + 4 + 12 + 16
_accounts, _payments = schema.provider_accounts.c, schema.payments.c


def checks() -> Iterator[Check]:
    """All of them."""
    yield Check("ACCOUNTS", _told().where(_accounts.service.not_in(list(TABLES))))
    yield Check("ACCOUNTS", _told().where(_not_sealed()))
    yield Check("ACCOUNTS", _told().where(_copied()))
    yield Check("ACCOUNTS", _answered_by_nobody())


def _told() -> Select[Any]:
    return select(_accounts.org, _accounts.service)


def _not_sealed() -> Any:
    """What is kept is no text that could be opened, whatever the keys are."""
    sealed = _accounts.sealed
    return or_(
        func.length(sealed) < _SEALED_BYTES_MIN, func.substr(sealed, 1, 1) != _VERSION,
    )  # fmt: skip


def _copied() -> Any:
    """The text of another account: it is bound to the organization that it was sealed for."""
    other = schema.provider_accounts.alias("other")
    same = and_(
        other.c.sealed == _accounts.sealed,
        or_(other.c.org != _accounts.org, other.c.service != _accounts.service),
    )
    return select(other.c.org).where(same).exists()


def _answered_by_nobody() -> Select[Any]:
    """Payments that neither their own provider answers nor the sandbox in its place."""
    own = and_(
        _payments.service.in_(list(TABLES)), _payments.service == func.lower(_payments.provider)
    )
    told = select(_payments.org, _payments.order_id, _payments.number, _payments.service)
    return told.where(not_(or_(_payments.service == _SANDBOX, own)))
