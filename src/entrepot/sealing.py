"""Sealing what an organization is known by at a payment service, and the secrets of its webhooks,
so that the book alone tells nothing.

AES-256-GCM. A sealed text begins with a version and with the first bytes of its key's digest, which
say which key opens the text. A sealed text is bound to what it is about: moved to another
organization, it does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
WEBHOOK_SECRET_BYTES = 32
_VERSION = b"\x01"
# Two secrets of a webhook begin so; then comes the time until which the older one signs.
_TWO, _TIME_BYTES = b"\x02", 8
_PAIR_AT = len(_TWO) + _TIME_BYTES
_NAME_BYTES, _NONCE_BYTES = 4, 12
_HEAD = len(_VERSION) + _NAME_BYTES + _NONCE_BYTES
NO_KEY = "it is sealed with a key that is not in ENTREPOT_SEAL_KEYS; put that key back"
CHANGED = "the sealed text was changed, or is another account's; add the account again"
NO_KEYS = (
    "ENTREPOT_SEAL_KEYS is not set; set it to a new key, for which `openssl rand -base64 32` makes "
    "one"
)


class Unsealable(Exception):
    """A sealed text cannot be opened; the sentence says why."""


def keys_of(text: str) -> tuple[bytes, ...]:
    """The keys of the setting, the one that seals first. Raises ValueError, without the text."""
    keys = []
    for number, part in enumerate([one.strip() for one in text.split(",") if one.strip()], 1):
        try:
            key = base64.b64decode(part, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise ValueError(f"key {number} must be {KEY_BYTES} bytes in base64")
        keys.append(key)
    return tuple(keys)


def seal(keys: tuple[bytes, ...], plain: bytes, about: str) -> bytes:
    """The text sealed with the first key. Raises Unsealable where there is no key."""
    if not keys:
        raise Unsealable(NO_KEYS)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + _name(keys[0]) + nonce + _cipher(keys[0]).encrypt(nonce, plain, _bound(about))


def unseal(keys: tuple[bytes, ...], sealed: bytes, about: str) -> bytes:
    """The text that was sealed. Raises Unsealable where no key opens it."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see `_cipher`

    named, nonce = sealed[1 : 1 + _NAME_BYTES], sealed[1 + _NAME_BYTES : _HEAD]
    if not keys:
        raise Unsealable(NO_KEYS)
    if sealed[:1] != _VERSION or len(sealed) <= _HEAD:
        raise Unsealable("this is no sealed text that is known here; add the account again")
    for key in keys:
        if _name(key) == named:
            try:
                return _cipher(key).decrypt(nonce, sealed[_HEAD:], _bound(about))
            except InvalidTag:
                raise Unsealable(
                    "the sealed text was changed, or is another account's; add the account again"
                ) from None
    raise Unsealable(NO_KEY)


def is_of_first(keys: tuple[bytes, ...], sealed: bytes) -> bool:
    """Whether a text is sealed with the key that seals now."""
    return bool(keys) and sealed[1 : 1 + _NAME_BYTES] == _name(keys[0])


def about_account(org: int, service: str) -> str:
    """What a sealed account is bound to."""
    return f"entrepot provider account|{org}|{service}"


def about_webhook(org: int) -> str:
    """What the sealed secret of a webhook is bound to."""
    return f"entrepot webhook secret|{org}"


def is_sealed_secret(kept: bytes) -> bool:
    """Whether a webhook's secret is sealed. A plain one, of a book without keys, is shorter; two
    plain ones begin otherwise.
    """
    return len(kept) > WEBHOOK_SECRET_BYTES and kept[:1] != _TWO


def seal_secret(keys: tuple[bytes, ...], org: int, plain: bytes) -> bytes:
    """A webhook's secret as the book keeps the secret: sealed where there is a key."""
    return seal(keys, plain, about_webhook(org)) if keys else plain


def open_secret(keys: tuple[bytes, ...], org: int, kept: bytes) -> bytes:
    """A webhook's secret, by what the book keeps; or two, see `secrets_of`. Raises Unsealable where
    no key opens it.
    """
    return unseal(keys, kept, about_webhook(org)) if is_sealed_secret(kept) else kept


def renewed_secret(keys: tuple[bytes, ...], org: int, kept: bytes, new: bytes, until: int) -> bytes:
    """What the book keeps of a webhook that gets another secret: the new one, and the one before
    until a time, in microseconds UTC. One that no key opens is not kept: it signs nothing.
    """
    try:
        before, *_ = secrets_of(open_secret(keys, org, kept), until)
    except Unsealable:
        return seal_secret(keys, org, new)
    return seal_secret(keys, org, _TWO + until.to_bytes(_TIME_BYTES, "big") + new + before)


def secrets_of(opened: bytes, now: int) -> tuple[bytes, ...]:
    """The secrets that sign a webhook's messages now, the newest first."""
    if len(opened) <= WEBHOOK_SECRET_BYTES:
        return (opened,)
    until, both = int.from_bytes(opened[1:_PAIR_AT], "big"), opened[_PAIR_AT:]
    new, before = both[:WEBHOOK_SECRET_BYTES], both[WEBHOOK_SECRET_BYTES:]
    return (new, before) if now < until else (new,)


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"entrepot seal key|" + key).digest()[:_NAME_BYTES]


def _bound(about: str) -> bytes:
    return about.encode()


def _cipher(key: bytes) -> AESGCM:
    # Imported here: most installations have no account, and the module costs memory.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key)
