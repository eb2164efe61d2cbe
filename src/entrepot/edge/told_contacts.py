"""Mailboxes and telephones of buyers, as a dialect tells them, into values of the book; pure."""

from __future__ import annotations

from entrepot.core.addresses import folded
from entrepot.core.buyers import EMAIL
from entrepot.core.decide.buyer_parts import Address
from entrepot.core.naming import visible
from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.edge import addresses


def address(kind: str, text: str, field: str) -> Address:
    """An address as it is shown, without blanks around it, and as it is compared.

    Refused: a text that can be no mailbox, and a telephone without a digit. A placeholder is taken,
    and names nobody.
    """
    value = text.strip()
    if kind == EMAIL:
        if not addresses.is_mailbox(value):
            raise refuse(Reason.INVALID, "must be an e-mail address", field)
        name, compared = addresses.email(value), folded(value)
    else:
        if not any(one.isdecimal() for one in value):
            raise refuse(Reason.INVALID, "must be a telephone number", field)
        name, compared = addresses.phone(value), addresses.digits_of(value) or folded(value)
    return Address(value, compared if name is None else name[1], name)


def address_or_fault(kind: str, text: str, field: str, faults: list[Refusal]) -> Address:
    """As `address`; a refusal is added to `faults`, so that others are found as well, and what is
    returned then names nobody.
    """
    try:
        return address(kind, text, field)
    except Refused as refused:
        faults.append(refused.refusal)
        return Address(text, text, None)


def name(text: str, field: str) -> str:
    """A name without blanks around it. Refused: a blank one."""
    return visible(text.strip(), field)
