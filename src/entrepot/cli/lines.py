"""Lines for people. Texts in them may come from anybody who sends orders."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text in one line. Control characters are escaped: a terminal would obey them."""
    if text.isprintable():
        return text
    return "".join([one if one.isprintable() else ascii(one)[1:-1] for one in text])
