"""Making a category, a brand, an attribute, a group of attributes or a template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.naming import capitals, composed, visible
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, TaxonResult
from entrepot.core.taxonomy import (
    ATTRIBUTE,
    BRAND,
    CATEGORY,
    DEFAULT_TYPE,
    DEPTH_MAX,
    DESCRIPTION_MAX,
    LINK_MAX,
    NAME_MAX,
    SLUG_MAX,
    TAXA,
    TAXA_BY_SLUG,
    TYPE_MAX,
    Taxon,
    slug_of,
    sort_key,
)

_TYPE = re.compile(rf"[A-Z][A-Z0-9_]{{0,{TYPE_MAX - 1}}}\Z")

# The member of a product that names a taxon, what it names, and the member that has the name.
_SORTING: Final = (("category_id", CATEGORY, "category"), ("brand_id", BRAND, "brand"))


class MakeTaxon(NamedTuple):
    """Make what `kind` says, of core.taxonomy. Without a slug it gets one that its name makes."""

    org: int
    source: str
    kind: str
    name: str
    slug: str | None = None
    description: str | None = None
    parent_id: bytes | None = None
    logo_url: str | None = None
    type: str | None = None


def wants(command: MakeTaxon, needs: Needs) -> None:
    """What has the slug already, and the category above."""
    needs.of(TAXA_BY_SLUG).add((command.org, command.kind, _slug(command)))
    if command.parent_id is not None:
        needs.of(TAXA).add((command.org, command.parent_id))


def make(command: MakeTaxon, facts: Facts) -> Decision:
    """Make it. Refused: a blank or long text, a slug that another one of the kind has, and a
    category above that the organization does not have.
    """
    org, kind, name, slug = command.org, command.kind, command.name.strip(), _slug(command)
    told = (
        ("name", name, NAME_MAX), ("slug", slug, SLUG_MAX),
        ("description", command.description, DESCRIPTION_MAX),
        ("logo_url", command.logo_url, LINK_MAX),
    )  # fmt: skip
    for field, text, most in told:
        if text is not None and len(text) > most:
            raise refuse(Reason.INVALID, f"must not be longer than {most:,} characters", field)
    visible(name, "name")
    if not slug or not slug.isprintable():
        raise refuse(Reason.INVALID, "must have a letter or a digit, and no line breaks", "slug")
    _look_for_twin(command, slug, facts)
    depth = _depth(command, facts)
    id_ = facts.new_id()
    made = Taxon(
        org, id_, kind, name, slug, sort_key(kind, name, id_), command.description,
        command.parent_id, depth, command.logo_url, _type(command), facts.now, facts.now,
    )  # fmt: skip
    changes = Changes(facts)
    changes.of(TAXA).put(made)
    body = {"name": name, "slug": slug}
    if made.parent_id is not None:
        body["parent_id"] = dashed(made.parent_id)
    changes.events.append(
        Event(
            org, made.id, 1, events.TAXON_CREATED[kind], facts.now, command.source,
            text_of(body), kind, facts.actor,
        )
    )  # fmt: skip
    return Decision(changes, TaxonResult(made))


def _slug(command: MakeTaxon) -> str:
    return slug_of(command.name) if command.slug is None else composed(command.slug)


def _type(command: MakeTaxon) -> str | None:
    """The type of an attribute's values: a word in capitals."""
    if command.kind != ATTRIBUTE:
        return None
    told = capitals((command.type or DEFAULT_TYPE).strip())
    if not _TYPE.match(told):
        raise refuse(Reason.INVALID, "must be a word, such as TEXT or NUMBER", "type")
    return told


def _look_for_twin(command: MakeTaxon, slug: str, facts: Facts) -> None:
    """Refuse a slug that another one has: in the book, or made by the same batch."""
    org, kind = command.org, command.kind
    made_here = facts.of(TAXA)
    known = facts.of(TAXA_BY_SLUG).get((org, kind, slug)) is not None or any(
        (one.org, one.kind, one.slug) == (org, kind, slug) for one in made_here.values()
    )
    if known:
        field = "name" if command.slug is None else "slug"
        raise refuse(Reason.DUPLICATE_ENTRY, f"another one has the slug {slug} already", field)


def _depth(command: MakeTaxon, facts: Facts) -> int:
    """How many categories are above. Refused: a parent that is no category, and one too many."""
    if command.parent_id is None:
        return 0
    if command.kind != CATEGORY:
        raise refuse(Reason.INVALID, "only a category is below another one", "parent_id")
    parent = facts.of(TAXA).get((command.org, command.parent_id))
    if parent is None or parent.kind != CATEGORY:
        raise refuse(Reason.INVALID, "no such category is known here", "parent_id")
    if parent.depth >= DEPTH_MAX:
        sentence = f"a category has at most {DEPTH_MAX} categories above it"
        raise refuse(Reason.INVALID, sentence, "parent_id")
    return parent.depth + 1


def wants_sorting(org: int, said: Mapping[str, Any], needs: Needs) -> None:
    """The category and the brand that are said of a product, if any."""
    for member, _, _ in _SORTING:
        if (taxon_id := said.get(member)) is not None:
            needs.of(TAXA).add((org, taxon_id))


def sorted_into(said: Mapping[str, Any], org: int, facts: Facts) -> Mapping[str, Any]:
    """What is said of a product, with the names of its category and its brand where nothing else is
    said. Refused: a category or a brand that the organization does not have.
    """
    names: dict[str, str] = {}
    for member, kind, name in _SORTING:
        taxon_id = said.get(member)
        if taxon_id is None:
            continue
        taxon = facts.of(TAXA).get((org, taxon_id))
        if taxon is None or taxon.kind != kind:
            raise refuse(Reason.INVALID, f"no such {kind} is known here", member)
        names[name] = taxon.name
    return {**names, **said} if names else said
