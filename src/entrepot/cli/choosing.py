"""Choices of an operator for an organization: how its orders, its stock and its money go."""

from __future__ import annotations

from typing import Annotated, Literal

from sqlalchemy import Connection

from entrepot.cli.choices import whole, words
from entrepot.cli.session import OperatorError, organization, read
from entrepot.cli.telling import changed
from entrepot.core import actor, ids
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.invoices import WHEN
from entrepot.core.lapsing import RULES
from entrepot.core.merging import MERGING
from entrepot.core.organization import CAPTURES
from entrepot.core.quantity import text
from entrepot.store import catalogue

_Capture = Annotated[Literal["manual", "shipment", "confirmation"], words(*CAPTURES)]
_Lapsing = Annotated[Literal["alarm", "capture", "release", "renew"], words(*RULES)]
_Invoices = Annotated[Literal["never", "confirmation", "shipment"], words(*WHEN)]
_Merging = Annotated[Literal["never", "same_day"], words(*MERGING)]
_Model = Annotated[Literal["HARD", "SOFT"], words("HARD", "SOFT")]
_SHELVES_SHOWN = 5


def allocation(org: str, model: _Model) -> None:
    """Set how stock is allocated: HARD never oversells, SOFT only earmarks.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    model
        HARD or SOFT.
    """

    def fault(conn: Connection) -> str | None:
        found = organization(conn, org)
        oversold = catalogue.oversold(conn, found.org) if model == "HARD" else []
        return _oversold(found.name, oversold) if oversold else None

    if (told := read(fault)) is not None:
        raise OperatorError(told)
    wanted = RunStock(0, actor.OPERATOR, model)
    name = changed(org, wanted, "org allocation")
    meaning = "stock is never oversold" if model == "HARD" else "stock is only earmarked"
    print(f"allocation of {name} is {model}: {meaning}")


def capture(org: str, when: _Capture) -> None:
    """Set when the money of an organization's orders is taken.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    when
        `manual`: by somebody's word alone. `shipment`: what left is taken when goods leave.
        `confirmation`: all is taken at once.
    """
    name = changed(org, ChangeSettings(0, capture=when), "org capture")
    print(f"capture of {name} is {when}: {CAPTURES[when]}")


def lapsing(org: str, rule: _Lapsing) -> None:
    """Set what is done when a payment service's hold of an order's money is about to end.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    rule
        `alarm`: the order says it, and no more. `capture`: what is held is taken. `release`: what
        is held is let go, if no goods have left. `renew`: the service is asked to hold the same
        amount anew, where it takes the order's reference again, and the old hold is let go then.
    """
    name = changed(org, ChangeSettings(0, lapsing=rule), "org lapsing")
    print(f"lapsing of {name} is {rule}: {RULES[rule]}")


def attribution(org: str, days: Annotated[int, whole]) -> None:
    """Set how many days before an order a touch of the contact counts.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    days
        1 to 365. Orders that were credited before keep their window.
    """
    name = changed(org, ChangeSettings(0, attribution_days=days), "org attribution")
    print(f"orders of {name} are credited to touches of {days} days before them")


def invoices(org: str, when: _Invoices) -> None:
    """Set when the orders of an organization get their invoices.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    when
        `never`: no invoice is made. `confirmation`: when the order is confirmed. `shipment`: when
        the first goods of the order leave. Invoices that were made stay.
    """
    name = changed(org, ChangeSettings(0, invoices=when), "org invoices")
    print(f"invoices of {name}: {when}. {WHEN[when]}")


def merging(org: str, rule: _Merging) -> None:
    """Set whether orders of one buyer for one day become one order.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    rule
        `never`: orders stay apart. `same_day`: orders that come through Polinate from now on are
        merged, until somebody takes them in hand.
    """
    name = changed(org, ChangeSettings(0, merging=rule), "org merging")
    print(f"merging of orders of {name}: {rule}. {MERGING[rule]}")


def _oversold(name: str, shelves: list[catalogue.Shelf]) -> str:
    told = ", ".join(
        f"{one.sku or ids.dashed(one.variant_id)} at {one.location} "
        f"({ids.dashed(one.location_id)}): {text(one.reserved)} reserved, "
        f"{text(one.on_hand)} on hand"
        for one in shelves[:_SHELVES_SHOWN]
    )
    more = f", and {len(shelves) - _SHELVES_SHOWN} more" if len(shelves) > _SHELVES_SHOWN else ""
    return (
        f"{name} has more reserved than on hand: {told}{more}; adjust the stock, "
        "or cancel orders, then set HARD"
    )


# The commands of `entrepot org`, in the order of its help.
COMMANDS = (allocation, capture, lapsing, attribution, invoices, merging)
