"""A payment at PayPal whose id is not written down, and whose key PayPal has forgotten: another
request would make another order, and PayPal finds an order by nothing but its id.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.providers.payment import Misconfigured, NoWord, PaymentRequest, Unknown, Voided

_CLOCKS_SECONDS = 3600.0  # how far PayPal's clock and ours may be apart
_FORBIDDEN = "403"
FORGOTTEN = (
    "PayPal has forgotten the key, and neither a notification nor its list of transactions names "
    "the order yet"
)
_CLOSED = (
    "PayPal has forgotten the key, no notification names the order, and the app must not read the "
    "list of transactions: give it the permission Transaction search and retry, or look at PayPal "
    "for the custom id {label}, {then} ({said})"
)
_RESOLVE = "and resolve the order with what is there"
_VOID = "void what is held there, and resolve the order"


class Missing(NamedTuple):
    """The list names no such payment that was made before a time, in microseconds UTC; None: the
    list is not known to be whole.
    """

    upto: int | None


def of_payment(
    asked: Missing | NoWord, request: PaymentRequest, then: str = _RESOLVE
) -> Unknown | Misconfigured:
    """What a payment is whose id is not written down, and which neither a notification nor PayPal's
    list names; `asked`: what came of asking for the list.
    """
    if isinstance(asked, Missing):
        return Unknown(FORGOTTEN, unseen=True)
    if isinstance(asked, Misconfigured):
        if not asked.detail.startswith(_FORBIDDEN):
            return asked
        told = _CLOSED.format(said=asked.detail, label=request.label, then=then)
        return Unknown(told, unseen=True)
    why = getattr(asked, "detail", asked)
    return Unknown(f"PayPal has forgotten the key, and its list of transactions: {why}")


def of_void(
    asked: Missing | NoWord, request: PaymentRequest, sent_seconds: float
) -> Voided | Unknown | Misconfigured:
    """What a void of such a payment comes to. Nothing is held once the list has all that was made
    while the request could be sent, which is so many seconds; until then nobody knows.
    """
    said = of_payment(asked, request, _VOID)
    if isinstance(asked, Misconfigured):
        return Misconfigured(said.detail)
    if not isinstance(asked, Missing) or asked.upto is None or request.made_at is None:
        return said
    sent_until = request.made_at + int((sent_seconds + _CLOCKS_SECONDS) * 1_000_000)
    return Voided(None) if asked.upto >= sent_until else said
