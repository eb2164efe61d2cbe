"""Same key and same content: the first answer again. Same key, other content: a refusal that says
which part differs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

from entrepot.core.facts import Facts
from entrepot.core.order import StoredAnswer, answer_checksum
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import ReplayedResult
from entrepot.writer.envelope import Answer, Idempotency, Outcome

KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?\Z")
_PART_BYTES = 8
_SHORT_BYTES = 16


def well_formed(key: str) -> bool:
    """Whether a key can be taken: 1 to 255 visible ASCII characters, spaces only inside."""
    return KEY.match(key) is not None


def fingerprint(parts: Iterable[bytes]) -> bytes:
    """Eight bytes a part of the request, so that a reuse can name the part that differs."""
    return b"".join([
        _known_digest(part) if len(part) <= _SHORT_BYTES else _digest(part) for part in parts
    ])  # fmt: skip


def _digest(part: bytes) -> bytes:
    return hashlib.blake2b(part, digest_size=_PART_BYTES).digest()


# Most parts are short and nearly always the same: a currency, a channel, what was left out.
_known_digest = lru_cache(maxsize=4096)(_digest)


def replay(idempotency: Idempotency, stored: StoredAnswer) -> Outcome | Refusal:
    """The stored answer, byte for byte; or the refusal of a key that meant something else."""
    if stored.operation != idempotency.operation:
        detail = f"the key was used for another operation, {stored.operation}"
        return Refusal(Reason.KEY_REUSED, detail)
    if not _says_the_same(idempotency, stored):
        differing = ", ".join(_differing(idempotency, stored.fingerprint)) or "the request"
        return Refusal(Reason.KEY_REUSED, f"the key was used before with another {differing}")
    answer = Answer(stored.status, stored.body)
    return Outcome(ReplayedResult(), answer, replayed=True)


def _says_the_same(idempotency: Idempotency, stored: StoredAnswer) -> bool:
    if stored.fingerprint == idempotency.fingerprint:
        return True
    if idempotency.order_id is not None and idempotency.order_id == stored.order_id:
        return True
    return idempotency.older is not None and stored.fingerprint == idempotency.older()


def _differing(idempotency: Idempotency, stored: bytes) -> list[str]:
    new, size = idempotency.fingerprint, _PART_BYTES
    return [
        name
        for place, name in enumerate(idempotency.parts)
        if new[place * size : place * size + size] != stored[place * size : place * size + size]
    ]


def remember(
    idempotency: Idempotency, answer: Answer, org: int, order_id: bytes | None, facts: Facts
) -> None:
    """Keep an answer with the effect it speaks of."""
    key, operation, said = idempotency.key, idempotency.operation, idempotency.fingerprint
    status, body = answer
    checksum = answer_checksum(key, operation, said, status, body, order_id)
    facts.remember(
        StoredAnswer(org, key, operation, said, status, body, order_id, facts.now, checksum)
    )
