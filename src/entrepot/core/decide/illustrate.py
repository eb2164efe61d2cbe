"""Adding a medium to a product or a variant."""

from __future__ import annotations

import re
from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide.product import known_product
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.media import LINK_MAX, MEDIA, ORDER_MAX, TEXT_MAX, Medium
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.products import DELETED
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, MediumResult

# A host, by its name or by its address (IPv6 in brackets), with a port or without; then the rest.
_LINK = re.compile(
    r"https?://([^\s/?#@\[\]]*@)?(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(:(?P<port>[0-9]{1,5}))?"
    r"([/?#]\S*)?\Z",
    re.IGNORECASE,
)
_PORT_MAX = 65_535


def _is_link(url: str) -> bool:
    found = _LINK.match(url)
    return found is not None and 0 < int(found["port"] or 80) <= _PORT_MAX


class AddMedium(NamedTuple):
    """Add a medium to a product, to a variant, or to both."""

    org: int
    source: str
    url: str
    product_id: bytes | None = None
    variant_id: bytes | None = None
    alt_text: str | None = None
    sort_order: int = 0


def wants(command: AddMedium, needs: Needs) -> None:
    """The product, and the variant."""
    if command.product_id is not None:
        needs.products.add((command.org, command.product_id))
    if command.variant_id is not None:
        needs.variants.add((command.org, command.variant_id))


def add(command: AddMedium, facts: Facts) -> Decision:
    """Keep the medium. Refused: no product and no variant, an unknown or a deleted one, a variant
    of another product, an address that is none, and a text or a place out of bounds.
    """
    org = command.org
    _look_at_owner(command, facts)
    if not _is_link(command.url) or len(command.url) > LINK_MAX:
        sentence = f"must be an address, http or https, of at most {LINK_MAX:,} characters"
        raise refuse(Reason.INVALID, sentence, "url")
    if len(command.alt_text or "") > TEXT_MAX:
        sentence = f"must not be longer than {TEXT_MAX:,} characters"
        raise refuse(Reason.INVALID, sentence, "alt_text")
    if not 0 <= command.sort_order <= ORDER_MAX:
        raise refuse(Reason.INVALID, "must be from 0, and a 32-bit integer", "sort_order")
    made = Medium(
        org, facts.new_id(), command.product_id, command.variant_id, command.url,
        command.alt_text, command.sort_order, facts.now, facts.now,
    )  # fmt: skip
    changes = Changes(facts)
    changes.of(MEDIA).put(made)
    named = {"product_id": made.product_id, "variant_id": made.variant_id}
    body = {name: dashed(id_) for name, id_ in named.items() if id_ is not None}
    changes.events.append(
        Event(
            org, made.id, 1, events.MEDIUM_ADDED, facts.now, command.source,
            text_of({"url": made.url, **body}), events.MEDIUM, facts.actor,
        )
    )  # fmt: skip
    return Decision(changes, MediumResult(made))


def _look_at_owner(command: AddMedium, facts: Facts) -> None:
    org, product_id = command.org, command.product_id
    if product_id is None and command.variant_id is None:
        raise refuse(Reason.INVALID, "say a product or a variant", "product_id")
    if product_id is not None:
        product = known_product(org, product_id, facts)
        if product is None or product.product.status == DELETED:
            raise refuse(Reason.INVALID, "no such product is known here", "product_id")
    if command.variant_id is not None:
        variant = facts.variants.get((org, command.variant_id))
        if variant is None or variant.deleted_at is not None:
            raise refuse(Reason.UNKNOWN_VARIANT, field="variant_id")
        if product_id not in (None, variant.item_id):
            raise refuse(Reason.INVALID, "is a variant of another product", "variant_id")
