"""What an organization sorts and describes its products by: categories, brands, attributes, groups
of attributes and templates.

All of them are things with a name and a slug. They are one kind of row, which says what each is.
"""

from __future__ import annotations

import unicodedata
from typing import Final, NamedTuple

from entrepot.core.kinds import Key, Kind, Name, by

CATEGORY, BRAND, ATTRIBUTE = "category", "brand", "attribute"
ATTRIBUTE_GROUP, TEMPLATE = "attribute_group", "template"
#: What a taxon can be.
TAXA_KINDS: Final = (CATEGORY, BRAND, ATTRIBUTE, ATTRIBUTE_GROUP, TEMPLATE)

# Characters.
NAME_MAX, SLUG_MAX, TYPE_MAX = 255, 255, 50
DESCRIPTION_MAX, LINK_MAX = 10_000, 2_000
#: A category has at most so many categories above it.
DEPTH_MAX = 50
#: The type of an attribute that nobody told.
DEFAULT_TYPE = "TEXT"
# They choose how a character looks, and are no part of a word.
_VARIATIONS: Final = ("\ufe00", "\ufe0f")


class Taxon(NamedTuple):
    """A category, a brand, an attribute, a group of attributes or a template.

    Lists are sorted by `sorted_by`. A category may be below the category
    `parent_id`; `depth` is the number of categories above it. A brand may have the address of a
    logo, an attribute has the type of its values. Times are microseconds UTC.
    """

    org: int
    id: bytes
    kind: str
    name: str
    slug: str  # no two of one kind in an organization have one
    sorted_by: bytes
    description: str | None
    parent_id: bytes | None
    depth: int
    logo_url: str | None
    type: str | None
    created_at: int
    updated_at: int


TAXA: Kind[Key, Taxon] = Kind("taxon", Taxon, by(Taxon, "org", "id"))
#: The same rows, found by what they are and their slug. Nothing is written by this kind.
TAXA_BY_SLUG: Kind[Name, Taxon] = Kind("taxon by slug", Taxon, by(Taxon, "org", "kind", "slug"))


def slug_of(name: str) -> str:
    """The words of a name in small letters, with hyphens between them; empty without a word.

    Marks belong to the letter before them: many alphabets write vowels as marks.
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    slug = ""
    for character in text:
        if character.isalnum() or (slug and slug[-1] != "-" and _is_mark(character)):
            slug += character
        elif slug and slug[-1] != "-":
            slug += "-"
    return slug.strip("-")[:SLUG_MAX]


def _is_mark(character: str) -> bool:
    first, last = _VARIATIONS
    return unicodedata.category(character) in ("Mn", "Mc") and not first <= character <= last


def sort_key(kind: str, name: str, id_: bytes) -> bytes:
    """What a taxon is sorted by: its name, whose capital letters count as small ones; of a group of
    attributes its id backwards, so that the newest group is the first.
    """
    if kind == ATTRIBUTE_GROUP:
        return bytes(0xFF - byte for byte in id_)
    return name.casefold().encode()
