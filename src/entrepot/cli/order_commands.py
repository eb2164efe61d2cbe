"""Commands that an operator gives for one order; the decisions say whether it takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from entrepot.cli.choices import OrderText, OrgText, words
from entrepot.cli.session import Meant, OperatorError, on_book, order_meant, order_words
from entrepot.cli.writing import results
from entrepot.core.actor import operator
from entrepot.core.commands import Command
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.resolve import FINDINGS, ResolveOrder
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult, Result
from entrepot.store.engine import Database
from entrepot.writer.envelope import Envelope

_OPTIONS = frozenset({"proof", "found", "reference"})
_CANCELLED = (("polinate_phase", "CANCELLED"),)


def submitted(
    named: Sequence[str], org: str | None, command: Callable[[Meant], Command], actor: str
) -> Result:
    """Give a command for the order that is named, through the book's own writer.

    Raises OperatorError where no order is meant, and with the refusal's own sentence.
    """
    order_words(named, org)

    async def work(database: Database) -> Result | Refusal:
        meant = await database.read(lambda conn: order_meant(conn, named, org))
        [result] = await results(database, [Envelope(command(meant), actor=actor)])
        return result

    result = on_book(work, must_exist=True)
    if isinstance(result, Refusal):
        where = f"--{result.field} " if result.field in _OPTIONS else ""
        raise OperatorError(
            f"order {named[-1]}: {where}{result.detail or result.reason.sentence}; "
            "`entrepot explain` tells which commands it takes"
        )
    return result


def cancel(*order: OrderText, org: OrgText = None) -> None:
    """Cancel an order: its stock and its money are given back."""
    submitted(
        order,
        org,
        lambda meant: AmendOrder(meant.org, "operator", meant.order_id, words=_CANCELLED),
        operator("cancel"),
    )
    print(f"order {order[-1]} is cancelled")


def capture(*order: OrderText, org: OrgText = None) -> None:
    """Take all of an order's money that is held, before its hold lapses."""
    submitted(
        order,
        org,
        lambda meant: CaptureOrder(meant.org, "operator", meant.order_id),
        operator("capture"),
    )
    print(f"the money of order {order[-1]} is being taken")


def resolve(
    *order: OrderText,
    proof: str,
    found: Annotated[str | None, words(*FINDINGS)] = None,
    reference: str | None = None,
    org: OrgText = None,
) -> None:
    """Settle a parked payment by what you found at its service, and write down how you know.

    The service is not asked, and nothing is sent to it. The event `order.resolved` keeps the proof.

    Parameters
    ----------
    proof
        Where and by whom it was seen, in words.
    found
        What the service did of the parked step: done or nothing. Of an authorisation it has to be
        said; every other step is done if it is not said.
    reference
        The service's own reference of the money. It has to be told of money that the service holds,
        and of a capture at PayPal.
    """
    result = submitted(
        order,
        org,
        lambda meant: ResolveOrder(*meant, proof, found, reference),
        operator("resolve"),
    )
    assert isinstance(result, OrderResult)
    stands = result.order.facets
    print(f"order {order[-1]} is resolved: {stands.stage}, payment {stands.payment}")
