"""Ids that senders give a customer: one for each kind of sender, as a customer keeps them."""

from __future__ import annotations

import json

from entrepot.core.order import Customer


def of(customer: Customer, kind: str) -> str | None:
    """The id that senders of this kind told for the customer; None where none is known.

    Blanks around it are gone, and a long one is the digest that it is known by.
    """
    if customer.own_ids is None:
        return None
    told: dict[str, str] = json.loads(customer.own_ids)
    return told.get(kind)


def kept(before: str | None, own: tuple[str, str] | None) -> str | None:
    """The ids that a customer keeps after this id, a kind and its text, was told as well."""
    if own is None:
        return before
    told = json.loads(before) if before else {}
    return json.dumps({**told, own[0]: own[1]}, ensure_ascii=False, separators=(",", ":"))
