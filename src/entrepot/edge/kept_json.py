"""JSON that the book keeps, in the shape in which a dialect shows what it says.

A text of another shape is damage, which keeps nobody from the list that its row is in.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def shaped(text: str, decoder: msgspec.json.Decoder[T], instead: T) -> T:
    """What the text says; `instead` where it is of another shape than the decoder's."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError:
        return instead
