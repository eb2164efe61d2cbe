"""The idempotency keys by which payment services know our requests."""

from __future__ import annotations

import hmac
from functools import lru_cache

from entrepot.core.ids import dashed


@lru_cache(maxsize=64)
def _keyed(secret: bytes) -> hmac.HMAC:
    """The beginning of every digest under this secret: a copy of it takes half of the time."""
    return hmac.new(secret, digestmod="sha256")


def _framed_once(part: bytes) -> bytes:
    """The part with its length before it, so that no two lists of parts are one text."""
    return len(part).to_bytes(4, "big") + part


# Organizations and names of operations come again and again.
_framed = lru_cache(maxsize=1024)(_framed_once)


@lru_cache(maxsize=1024)
def _named(operation: str, number: int) -> bytes:
    return _framed_once(operation.encode()) + _framed_once(str(number).encode())


def payment_key(secret: bytes, tenant: bytes, order_id: bytes, operation: str, number: int) -> str:
    """The key of one operation: 36 characters in the shape of a UUID (version 8).

    The key is the same after every restart and on every machine that has the `secret`. Without the
    secret nobody can guess the key. No two different parts make the same key.
    """
    signed = _keyed(secret).copy()
    signed.update(_framed(tenant) + _framed_once(order_id) + _named(operation, number))
    digest = bytearray(signed.digest()[:16])
    digest[6] = (digest[6] & 0x0F) | 0x80
    digest[8] = (digest[8] & 0x3F) | 0x80
    return dashed(bytes(digest))


def authorisation_key(secret: bytes, org: int, order_id: bytes, payment: int) -> str:
    """The key of the authorisation with which a payment of an order begins."""
    return payment_key(secret, org.to_bytes(8, "big"), order_id, "authorise", payment)


def operation_key(authorisation: str, org: int, order_id: bytes, kind: str, number: int) -> str:
    """The key of a further operation of a payment, which follows from the key of its
    `authorisation`.

    So a decision on an operation needs no secret, and the key goes wherever the payment goes.
    """
    return payment_key(authorisation.encode(), org.to_bytes(8, "big"), order_id, kind, number)
