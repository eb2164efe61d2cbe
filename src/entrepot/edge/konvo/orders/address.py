"""How the address of a Konvo order reads as text."""

from __future__ import annotations

import msgspec

# The members that stand on each line of the text.
_LINES = (
    ("firstName", "lastName"), ("company",), ("addressLineOne",), ("addressLineTwo",),
    ("zipCode", "city"), ("state",), ("countryCode",), ("phone",),
)  # fmt: skip
_members = msgspec.json.Decoder(dict[str, str]).decode


def text_of(kept: str) -> str | None:
    """The address, kept as the JSON that was told, as text of several lines; None where all of its
    members are empty or blank.
    """
    told = {name: text for name, text in _members(kept).items() if text.strip()}
    lines = [" ".join([told[name] for name in names if name in told]) for names in _LINES]
    return "\n".join([line for line in lines if line]) or None
