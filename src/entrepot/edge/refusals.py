"""The status of a refusal, where a dialect does not say another."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from entrepot.core.refusal import Reason

# Total over Reason (tested).
DEFAULT_STATUS: Final[Mapping[Reason, int]] = MappingProxyType({
    Reason.NO_SUCH_ROUTE: 404,
    Reason.METHOD_NOT_ALLOWED: 405,
    Reason.UNAUTHENTICATED: 401,
    Reason.FORBIDDEN: 403,
    Reason.RATE_LIMITED: 429,
    Reason.BODY_TOO_LARGE: 413,
    Reason.UNSUPPORTED_MEDIA: 400,
    Reason.INVALID: 400,
    Reason.KEY_MALFORMED: 400,
    Reason.KEY_REUSED: 409,
    Reason.UNKNOWN_ORDER: 404,
    Reason.UNKNOWN_VARIANT: 400,
    Reason.UNKNOWN_LOCATION: 400,
    Reason.UNKNOWN_CUSTOMER: 400,
    Reason.NO_SUCH_CUSTOMER: 404,
    Reason.NO_ACCOUNT: 400,
    Reason.UNKNOWN_LINE: 400,
    Reason.UNKNOWN_SHIPMENT: 404,
    Reason.UNKNOWN_RETURN: 404,
    Reason.UNKNOWN_PRODUCT: 404,
    Reason.UNKNOWN_BROADCAST: 404,
    Reason.UNKNOWN_PRICE_LIST: 404,
    Reason.UNKNOWN_INVOICE: 404,
    Reason.AMBIGUOUS: 409,
    Reason.CHANGED_MEANWHILE: 412,
    Reason.DUPLICATE_ENTRY: 409,
    Reason.ILLEGAL_MOVE: 409,
    Reason.CHANNEL_CLOSED: 409,
    Reason.PARTNERSHIP_CLOSED: 409,
    Reason.AMOUNT_FIXED: 409,
    Reason.OUT_OF_STOCK: 409,
    Reason.STALE_LEASE: 500,
    Reason.UNVERIFIED: 502,
    Reason.NOT_CONFIGURED: 500,
    Reason.OVERLOADED: 503,
    Reason.UNAVAILABLE: 503,
    Reason.INTERNAL: 500,
})  # fmt: skip
_NO_OTHERS: Final[Mapping[Reason, int]] = MappingProxyType({})


def statuses(own: Mapping[Reason, int] = _NO_OTHERS) -> Mapping[Reason, int]:
    """The status of every reason in a dialect, `own` before the default."""
    return MappingProxyType({**DEFAULT_STATUS, **own})
