"""What each state of an order and of its parts is: how one gets in and out, and who waits for what.

The legal moves are in core.lifecycle, and beside the parts: core.reservations, core.shipments and
core.returns. These sentences are printed into docs/lifecycle.md.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.facets import FULFILMENTS, RETURNS, STAGES


class State(NamedTuple):
    """A state in three sentences for people. `waits` is empty where nobody waits for anything."""

    comes: str
    goes: str
    waits: str = ""


STAGE: dict[str, State] = {
    "draft": State(
        "A dialect's word puts a mirrored order there.",
        "A word places, cancels or deletes it.",
        "Its sender has not decided yet.",
    ),
    "placed": State(
        "A client places the order, or another system tells of it.",
        "The pipeline confirms or fails it; a word cancels or rejects it.",
        "The pipeline waits for stock and for the payment service.",
    ),
    "confirmed": State(
        "The stock is held and the payment authorised, or there is nothing to pay.",
        "A word or a command completes, cancels or rejects it.",
        "The shop packs and ships; the customer waits for the goods.",
    ),
    "completed": State(
        "A word or a command ends the sale once the goods arrived, or need no shipping.",
        "A word archives or deletes it.",
    ),
    "archived": State("A word puts a completed order away.", "A word deletes it."),
    "cancelled": State(
        "A word or a command calls the order off before goods left.",
        "A word deletes it.",
        "The pipeline gives the money back, where some is held.",
    ),
    "rejected": State(
        "The shop turns the order down before goods left.",
        "A word deletes it.",
        "The pipeline gives the money back, where some is held.",
    ),
    "failed": State(
        "The pipeline ends an order that has no stock, or whose payment was declined or lapsed.",
        "A word deletes it.",
    ),
    "deleted": State("A word deletes an order that came to its end.", "Never."),
}
FULFILMENT: dict[str, State] = {
    "unassigned": State(
        "The order is placed.", "The order is confirmed, or a word says more.", "The pipeline."
    ),
    "accepted": State(
        "The order is confirmed.", "The goods are packed, or need no shipping.", "The shop packs."
    ),
    "packed": State(
        "A word says so; who says that goods left has packed them.",
        "A shipment leaves, or a word says where the goods are.",
        "The shop ships.",
    ),
    "partially_shipped": State(
        "A shipment left, and goods of the order have not.",
        "The last goods leave, or the order comes down to what left.",
        "The shop ships the rest.",
    ),
    "in_transit": State(
        "All goods left.",
        "Every shipment arrives or gets lost, or a word says where the goods are.",
        "The customer waits for the carrier.",
    ),
    "out_for_delivery": State(
        "A word says so.", "The goods arrive or get lost, or a try fails.", "The customer waits."
    ),
    "attempted": State(
        "A word says that nobody took the goods.", "The carrier tries again, or the goods arrive.",
        "The carrier waits for the customer.",
    ),
    "ready_for_pickup": State(
        "A word says so.", "The customer fetches the goods.", "The shop waits for the customer."
    ),
    "delivered": State("Every shipment arrived, or a word says so.", "Goods come back: returns."),
    "lost": State(
        "Every shipment arrived or got lost, and one did get lost; or a word says so.",
        "The goods are found, or the order is cancelled.",
        "The shop decides.",
    ),
    "not_applicable": State(
        "A word says that nothing is shipped.", "The goods leave when the order is completed.",
        "The shop completes the order.",
    ),
}  # fmt: skip
RETURN: dict[str, State] = {
    "none": State("No return is waited for, and nothing is back.", "A return is asked for."),
    "requested": State(
        "A return is asked for, and nothing is back.",
        "The goods come, or the last open return is refused.",
        "The shop waits for goods that are to come back.",
    ),
    "partial": State("A part of the goods is back.", "The rest comes back."),
    "returned": State("All goods are back, or a word says so.", "Never."),
}
RESERVATION: dict[str, State] = {
    "held": State(
        "The pipeline reserves the stock of an order that is to be paid.",
        "The payment is authorised, the order ends, or the hold ends.",
        "The stock waits for the payment, at most for ENTREPOT_HOLD_SECONDS; of an order that "
        "somebody holds, until it is released.",
    ),
    "committed": State(
        "The order is confirmed.",
        "The goods leave, or the order ends.",
        "The stock waits for the shipment.",
    ),
    "released": State("The order ends, or its line does.", "Never."),
    "expired": State("The hold ends while the payment is open; the order fails with it.", "Never."),
    "shipped": State("The last of the claim leaves.", "The line is raised again."),
}
SHIPMENT: dict[str, State] = {
    "sent": State(
        "Goods of the order leave.", "The goods arrive or get lost.", "The customer waits."
    ),
    "delivered": State("The shipment arrived, or a word says so of the order.", "Never."),
    "lost": State(
        "The shipment got lost, or a word says so of the order.", "The goods are found and arrive.",
        "The shop decides.",
    ),
}  # fmt: skip
RETURN_OF_GOODS: dict[str, State] = {
    "requested": State(
        "Somebody asks to send goods back that are out.",
        "The shop approves or refuses it, or the goods come.",
        "The customer waits for the shop.",
    ),
    "approved": State(
        "The shop agrees.",
        "The goods come, or the shop refuses it.",
        "The shop waits for the goods.",
    ),
    "received": State("The goods came, and were restocked or scrapped.", "Never."),
    "refused": State("The shop does not take the goods back.", "Never."),
}

assert (tuple(STAGE), tuple(FULFILMENT), tuple(RETURN)) == (STAGES, FULFILMENTS, RETURNS)
