"""Commands that an operator gives for one order; the decisions say whether it takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from entrepot import settings
from entrepot.cli.session import Meant, OperatorError, on_book, order_meant, order_words
from entrepot.core.actor import operator
from entrepot.core.commands import Command
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.refusal import Refusal
from entrepot.core.results import Result
from entrepot.store.engine import Database
from entrepot.wiring import make_writer
from entrepot.writer.envelope import Envelope

_CANCELLED = (("polinate_phase", "CANCELLED"),)


def submitted(
    words: Sequence[str], org: str | None, command: Callable[[Meant], Command], actor: str
) -> Result:
    """Give a command for the order that the words mean, through the book's own writer.

    Raises OperatorError where no order is meant, and with the refusal's own sentence.
    """
    order_words(words, org)

    async def work(database: Database) -> Result | Refusal:
        meant = await database.read(lambda conn: order_meant(conn, words, org))
        writer = make_writer(database, settings.load())
        return (await writer.submit(Envelope(command(meant), actor=actor))).result

    result = on_book(work, must_exist=True)
    if isinstance(result, Refusal):
        raise OperatorError(f"order {words[-1]}: {result.detail or result.reason.sentence}")
    return result


def cancel(*order: str, org: str | None = None) -> None:
    """Cancel an order: its stock is given back, and its payment is voided.

    Parameters
    ----------
    order
        The order's id in any dialect's spelling, what its sender calls it, or its number as #1042.
        The name of its organization may stand before it.
    org
        Name, number or id of the organization; the order is looked for in all when absent.
    """
    submitted(
        order,
        org,
        lambda meant: AmendOrder(meant.org, "operator", meant.order_id, words=_CANCELLED),
        operator("cancel"),
    )
    print(f"order {order[-1]} is cancelled")
