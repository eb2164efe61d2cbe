"""The keys that operations of payments should have, derived by code of the audit's own."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from uuid import UUID

from entrepot.core.payment import Operation

# The key that an operation should have, from the operation and the key that it follows from: of a
# further payment's authorisation that of the first one, else that of its own authorisation.
OperationKey = Callable[[Operation, str], str]


def keys_by(secret: bytes, own: Mapping[int, bytes]) -> OperationKey:
    """The keys of a book with this secret. `own`: secrets that organizations brought, by number."""

    def key(operation: Operation, first: str) -> str:
        if operation.kind == "authorise" and operation.payment == 1:
            return _key(own.get(operation.org, secret), operation, operation.payment)
        number = operation.payment if operation.kind == "authorise" else operation.number
        return _key(first.encode(), operation, number)

    return key


def _key(secret: bytes, operation: Operation, number: int) -> str:
    """A UUID of version 8 over four parts, each behind its length in four bytes."""
    tag = hmac.new(secret, digestmod=sha256)
    org = operation.org.to_bytes(8, "big")
    for part in (org, operation.order_id, operation.kind.encode(), b"%d" % number):
        tag.update(len(part).to_bytes(4, "big") + part)
    bits = int.from_bytes(tag.digest(), "big") >> 128  # the first half of the digest
    bits = bits & ~(0xF << 76) | 8 << 76  # the version
    bits = bits & ~(3 << 62) | 2 << 62  # the variant
    return str(UUID(int=bits))
