"""The `Idempotency-Key` header."""

from __future__ import annotations

from collections.abc import Mapping

from entrepot.core.refusal import Reason, refuse
from entrepot.writer.idempotency import well_formed

KEY_HEADER = "Idempotency-Key"
_AS_READ = KEY_HEADER.lower()


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The key, without the quotation marks that structured headers have; None without a header."""
    sent = headers.get(_AS_READ)
    if sent is None:
        return None
    key = sent.strip(" \t")
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not well_formed(key):
        sentence = "1 to 255 visible ASCII characters, spaces inside, once"
        raise refuse(Reason.KEY_MALFORMED, sentence, KEY_HEADER)
    return key
