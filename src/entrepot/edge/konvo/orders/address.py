"""How the address of a Konvo order reads as text."""

from __future__ import annotations

import msgspec

# The members that stand on each line of the text.
_LINES = (
    ("firstName", "lastName"), ("company",), ("addressLineOne",), ("addressLineTwo",),
    ("zipCode", "city"), ("state",), ("countryCode",), ("phone",),
)  # fmt: skip
_members = msgspec.json.Decoder(dict[str, str]).decode


def text_of(kept: str) -> str:
    """The address, kept as the JSON that was told, as text of several lines."""
    told = _members(kept)
    lines = [" ".join([told[name] for name in names if told.get(name)]) for names in _LINES]
    return "\n".join([line for line in lines if line])
