"""When two texts say the same name or address: case and blanks do not count, letters do."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """The text in lower case, its letters composed (NFC), without blanks that say nothing.

    Only the case is folded: `straße` and `strasse` are two texts. ASCII needs no composing.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    lower = unicodedata.normalize("NFC", text).lower()
    return " ".join(unicodedata.normalize("NFC", lower).split())


def ascii_digits(text: str) -> str:
    """The text with the digits of every script in ASCII, and full-width signs as plain ones."""
    if text.isascii():
        return text
    compatible = unicodedata.normalize("NFKC", text)
    return "".join([str(unicodedata.decimal(c)) if c.isdecimal() else c for c in compatible])
