"""The state of a payment's disputes, by the notifications that Adyen has signed.

Adyen's Disputes API defends a dispute and accepts one. No call of Adyen's tells how a dispute
stands, so that the notifications are all that there is to know (docs/adr/0079).

Neither `eventDate` nor `disputeStatus` is covered by the signature. So what a dispute came to is
the latest of its stages, in the order in which Adyen says that stages follow each other:
https://docs.adyen.com/risk-management/understanding-disputes/dispute-process-and-flow
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, Protocol, TypeAlias

Standing: TypeAlias = Literal["open", "ended"]

# The stages, the earliest first. A lost dispute stays open: the customer has the money back. A
# request for information is none of them: it takes no money, and Adyen does not tell its end.
_STAGES: tuple[tuple[str, Standing], ...] = (
    ("NOTIFICATION_OF_CHARGEBACK", "open"),
    ("CHARGEBACK", "open"),
    ("DISPUTE_OPENED_WITH_CHARGEBACK", "open"),
    ("DISPUTE_DEFENSE_PERIOD_ENDED", "open"),
    # The money is back. The bank can still go on.
    ("CHARGEBACK_REVERSED", "ended"),
    ("PREARBITRATION_OPEN", "open"),
    ("PREARBITRATION_DECLINED", "open"),
    ("PREARBITRATION_ISSUER_WITHDRAWN", "ended"),
    ("PREARBITRATION_ACCEPTED", "open"),
    ("SECOND_CHARGEBACK", "open"),
    ("PREARBITRATION_LOST", "open"),
    ("PREARBITRATION_WON", "ended"),
    ("SCHEME_ARBITRATION", "open"),
    ("SCHEME_ARBITRATION_LOST", "open"),
    ("SCHEME_ARBITRATION_WON", "ended"),
    # The bank accepted the defence, or did not answer in time.
    ("ISSUER_RESPONSE_TIMEFRAME_EXPIRED", "ended"),
)
_RANK: Mapping[str, int] = MappingProxyType(
    {event: rank for rank, (event, _) in enumerate(_STAGES)}
)
EVENTS = frozenset(_RANK)


class Told(Protocol):
    """What is taken of a notification."""

    @property
    def event(self) -> str:
        """Its `eventCode`."""
        ...

    @property
    def is_success(self) -> bool:
        """Whether what it tells happened."""
        ...

    @property
    def psp(self) -> str:
        """The dispute's reference, or the payment's."""
        ...

    @property
    def original(self) -> str:
        """The payment's reference; empty where it stands in `psp`, or nowhere."""
        ...


def standing(items: Iterable[Told]) -> Standing | None:
    """Whether a dispute of this payment is open, or all have ended; None where there was none.

    The items are of one payment, and each dispute of it has a reference of its own. An item that
    does not name the payment beside has the payment's reference in the place of the dispute's: some
    are sent so until the webhook is set to name both. It is of every dispute of the payment.
    """
    last: dict[str, int] = {}
    of_all = -1
    for item in items:
        rank = _RANK.get(item.event, -1)
        if rank < 0 or not item.is_success:
            continue
        if item.original:
            last[item.psp] = max(last.get(item.psp, -1), rank)
        else:
            of_all = max(of_all, rank)
    ranks = [max(rank, of_all) for rank in last.values()] or ([of_all] if of_all >= 0 else [])
    if not ranks:
        return None
    return "open" if any(_STAGES[rank][1] == "open" for rank in ranks) else "ended"
