"""Every reason to refuse, closed. If several apply, the first that is checked is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum


class Reason(Enum):
    """Why something is refused. The value is the code; `sentence` is what it means."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence

    NO_SUCH_ROUTE = ("no_such_route", "There is nothing at this address.")
    METHOD_NOT_ALLOWED = ("method_not_allowed", "This address does not take this method.")
    UNAUTHENTICATED = ("unauthenticated", "Credentials are missing or wrong.")
    FORBIDDEN = ("forbidden", "These credentials may not do this.")
    RATE_LIMITED = ("rate_limited", "Too many requests; try again later.")
    BODY_TOO_LARGE = ("body_too_large", "The body is larger than this operation takes.")
    UNSUPPORTED_MEDIA = ("unsupported_media", "The body must be application/json.")
    INVALID = ("invalid", "A field is missing or has a value that cannot be taken.")
    KEY_MALFORMED = ("key_malformed", "The idempotency key is not well-formed.")
    KEY_REUSED = ("key_reused", "The idempotency key was used for another request.")
    UNKNOWN_ORDER = ("unknown_order", "No such order is known here.")
    UNKNOWN_VARIANT = ("unknown_variant", "No such variant is known here.")
    UNKNOWN_LOCATION = ("unknown_location", "No such location is known here.")
    UNKNOWN_CUSTOMER = ("unknown_customer", "No such customer is known here.")
    NO_SUCH_CUSTOMER = ("no_such_customer", "There is no customer with this id.")
    NO_ACCOUNT = ("no_account", "The organization has no account at this payment provider.")
    UNKNOWN_LINE = ("unknown_line", "The order has no such line.")
    UNKNOWN_SHIPMENT = ("unknown_shipment", "No such shipment is known here.")
    UNKNOWN_RETURN = ("unknown_return", "No such return is known here.")
    UNKNOWN_PRODUCT = ("unknown_product", "No such product is known here.")
    UNKNOWN_BROADCAST = ("unknown_broadcast", "No such broadcast is known here.")
    UNKNOWN_PRICE_LIST = ("unknown_price_list", "No such price list is known here.")
    UNKNOWN_INVOICE = ("unknown_invoice", "No such invoice is known here.")
    AMBIGUOUS = ("ambiguous", "Several orders are called so.")
    CHANGED_MEANWHILE = ("changed_meanwhile", "The request is meant for another version.")
    DUPLICATE_ENTRY = ("duplicate_entry", "There is one already, and there can be one only.")
    ILLEGAL_MOVE = ("illegal_move", "No move leads there from where the thing stands.")
    CHANNEL_CLOSED = ("channel_closed", "The channel accepts no orders.")
    PARTNERSHIP_CLOSED = ("partnership_closed", "The partnership accepts no orders.")
    AMOUNT_FIXED = ("amount_fixed", "The order's payment fixes its lines and its total.")
    OUT_OF_STOCK = ("out_of_stock", "There is not enough free stock.")
    STALE_LEASE = ("stale_lease", "Another worker has taken this job over.")
    UNVERIFIED = ("unverified", "The integration service does not confirm this.")
    NOT_CONFIGURED = ("not_configured", "This server is not set up for this.")
    OVERLOADED = ("overloaded", "The server has more to do than it can take on; try again later.")
    UNAVAILABLE = ("unavailable", "The order book cannot be reached; try again later.")
    INTERNAL = ("internal", "Something went wrong here; the request id finds it in the log.")


# A later repeat of the same request may be answered otherwise: such an answer is never stored.
NEVER_STORED = frozenset({
    Reason.RATE_LIMITED, Reason.OVERLOADED, Reason.UNAVAILABLE, Reason.INTERNAL,
    Reason.CHANGED_MEANWHILE, Reason.NO_ACCOUNT, Reason.CHANNEL_CLOSED,
    Reason.PARTNERSHIP_CLOSED, Reason.UNVERIFIED, Reason.NOT_CONFIGURED,
})  # fmt: skip
# Such a refusal went by the very numbers of a stock level, and not just by there being enough.
BY_EXACT_STOCK = frozenset({Reason.OUT_OF_STOCK})


_RANK = {reason: rank for rank, reason in enumerate(Reason)}
# At most this many faults of one request are named.
FAULTS_MAX = 100
# So many characters of a sender's name or value are repeated.
FIELD_MAX, DETAIL_MAX = 500, 2_000
# A faulty order keeps its array out for no longer than the array's sender likes.
OTHERS_CAN_GO = "Nothing of the array was taken: send the other orders without these."


@dataclass(slots=True, frozen=True)
class Refusal:
    """A command that was not carried out. `field` is the path in the sender's own words."""

    reason: Reason
    detail: str = ""
    field: str | None = None
    retry_after: float | None = None  # seconds
    # Further faults of the same request, up to FAULTS_MAX; `unnamed` counts the rest.
    others: tuple[Refusal, ...] = ()
    unnamed: int = 0
    advice: str = ""  # how to go on
    version: str | None = None  # the revision that the order has, where another was meant
    candidates: tuple[str, ...] = ()  # the ids of the orders that are called so

    def __post_init__(self) -> None:
        """A sender's name or value may be as long as a body: the answer repeats a part."""
        if len(self.detail) > DETAIL_MAX:
            object.__setattr__(self, "detail", f"{self.detail[:DETAIL_MAX]} ...")
        if self.field is not None and len(self.field) > FIELD_MAX:
            object.__setattr__(self, "field", f"{self.field[:FIELD_MAX]}...")

    @property
    def sentence(self) -> str:
        """The text for a person: every fault with its field, and how to go on."""
        text = self.detail or self.reason.sentence
        text = f"{self.field}: {text}" if self.field else text
        if self.others:
            text = "; ".join([text.rstrip("."), *(o.sentence.rstrip(".") for o in self.others)])
            text += f"; and {self.unnamed} more." if self.unnamed else "."
        return f"{text.rstrip('.')}. {self.advice}" if self.advice else text

    def faults(self) -> dict[str, str]:
        """Every fault that has a field, by its field."""
        named = [one for one in (self, *self.others) if one.field]
        return {one.field or "": one.detail or one.reason.sentence for one in reversed(named)}


class Refused(Exception):
    """Carries a refusal out of nested reading or deciding to the place that answers."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


def all_of(refusals: Sequence[Refusal], advice: str = "") -> Refusal:
    """One refusal that names several refusals of a request, in their order.

    Its reason is the first of their reasons in the catalogue.
    """
    first, *others = refusals
    reason = min((one.reason for one in refusals), key=lambda one: _RANK[one])
    return replace(
        first,
        reason=reason,
        detail=first.detail or first.reason.sentence,
        others=tuple(others[: FAULTS_MAX - 1]),
        unnamed=max(0, len(others) + 1 - FAULTS_MAX),
        advice=advice,
    )


def refuse(reason: Reason, detail: str = "", field: str | None = None) -> Refused:
    """The exception to raise for a reason; `field` is the path in the sender's own words."""
    return Refused(Refusal(reason, detail, field))
