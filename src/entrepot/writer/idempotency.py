"""Same key and same content: the first answer again. Same key, other content: a refusal that says
which part differs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from entrepot.core.facts import Facts
from entrepot.core.order import StoredAnswer, answer_checksum
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import ReplayedResult
from entrepot.writer.envelope import Answer, Idempotency, Outcome

KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?\Z")
_PART_BYTES = 8
_NUMBER_BYTES = 1
_SHORT_BYTES = 16


def well_formed(key: str) -> bool:
    """Whether a key can be taken: 1 to 255 visible ASCII characters, spaces only inside."""
    return KEY.match(key) is not None


def fingerprint(parts: Iterable[bytes], version: int = 1) -> bytes:
    """The version's number and eight bytes a part: a refusal can name the part that differs.

    An operation names each member that its fingerprint covers. A member that the operation gets
    later belongs to a version with the next number, which puts new parts behind the old ones. The
    operation goes on making the older versions (`Idempotency.older`), because answers stay stored
    under them. Fingerprints of version 0 are those of version 1 without a number.
    """
    number = bytes((version,)) if version else b""
    return number + b"".join([
        _known_digest(part) if len(part) <= _SHORT_BYTES else _digest(part) for part in parts
    ])  # fmt: skip


def version_of(fingerprint: bytes) -> int:
    """The version that made a fingerprint."""
    return fingerprint[0] if len(fingerprint) % _PART_BYTES else 0


def _digest(part: bytes) -> bytes:
    return hashlib.blake2b(part, digest_size=_PART_BYTES).digest()


# Most parts are short and often the same: a currency, a channel, an absent member.
_known_digest = lru_cache(maxsize=4096)(_digest)


def replay(idempotency: Idempotency, stored: StoredAnswer) -> Outcome | Refusal:
    """The stored answer, byte for byte; or a refusal if the key was used for another request."""
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
    return stored.fingerprint in _older(idempotency)


def _older(idempotency: Idempotency) -> Iterator[bytes]:
    """The fingerprints that older versions make of the same request."""
    made = [idempotency.fingerprint]
    for make in idempotency.older:
        made.append(make())
        yield made[-1]
    yield from (one[_NUMBER_BYTES:] for one in made if version_of(one) == 1)


def _differing(idempotency: Idempotency, stored: bytes) -> list[str]:
    """The names of the parts in which the request differs, in the stored fingerprint's version."""
    version = version_of(stored)
    start, size = (_NUMBER_BYTES if version else 0), _PART_BYTES
    told = [
        [
            name
            for at, name in zip(range(start, len(stored), size), idempotency.parts, strict=False)
            if known[at : at + size] != stored[at : at + size]
        ]
        for known in (idempotency.fingerprint, *_older(idempotency))
        if version_of(known) == version
    ]
    return min(told, key=len, default=[])


def remember(
    idempotency: Idempotency, answer: Answer, org: int, order_id: bytes | None, facts: Facts
) -> None:
    """Keep an answer with the effect it speaks of."""
    key, operation, fingerprint = idempotency.key, idempotency.operation, idempotency.fingerprint
    status, body = answer
    checksum = answer_checksum(key, operation, fingerprint, status, body, order_id)
    facts.remember(
        StoredAnswer(org, key, operation, fingerprint, status, body, order_id, facts.now, checksum)
    )
