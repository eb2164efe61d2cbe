"""The native API's changes of orders into commands; pure."""

from __future__ import annotations

from msgspec import UNSET

from entrepot.core.commands import AmendPaths, LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.refusal import Reason, Refusal, Refused, all_of
from entrepot.core.shipments import Part
from entrepot.edge import currency
from entrepot.edge.access import Principal
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.orders import asked, read
from entrepot.edge.native.orders.read import ONE_NAME
from entrepot.edge.native.values import object_text

_PATHS = AmendPaths(order="order", total="lines", new_lines="lines.add", variant="variant_id")
_SAID = {
    "shipping_address": "delivery_address", "notes": "notes", "external_id": "external_id",
}  # fmt: skip


def amend_order(body: asked.AmendOrder, order_id: bytes, principal: Principal) -> AmendOrder:
    """The command. Lines go first, then lines change, then lines are added."""
    said = {
        name: getattr(body, member)
        for member, name in _SAID.items()
        if getattr(body, member) is not UNSET
    }
    if body.metadata is not UNSET:
        said["metadata"] = object_text(body.metadata)
    lines = asked.LineChanges() if body.lines is UNSET else body.lines
    faults = [
        Refusal(Reason.INVALID, ONE_NAME, f"lines.add[{index}]")
        for index, line in enumerate(lines.add)
        if (line.variant_id is None) == (line.sku is None)
    ]
    if faults:
        raise Refused(all_of(faults))
    return AmendOrder(
        principal.org, NAME, order_id, said=said,
        create_lines=tuple(
            read.new_line(line, f"lines.add[{index}]", None) for index, line in enumerate(lines.add)
        ),
        update_lines=tuple(
            LineChange(
                f"lines.change[{index}]", line.id.raw,
                None if line.quantity is None else line.quantity.quantity,
                price=None if line.unit_price is None else line.unit_price.amount,
            )
            for index, line in enumerate(lines.change)
        ),
        delete_lines=tuple(
            (f"lines.remove[{index}]", one.raw) for index, one in enumerate(lines.remove)
        ),
        paths=_PATHS,
        payment_reference=None if body.payment_reference is None else body.payment_reference.text,
        places=currency.SMALLEST, keeps_costs=True,
        looks_at_prices=principal.price_lists and bool(lines.add),
    )  # fmt: skip


def parts(told: list[asked.WantedPart] | None) -> tuple[Part, ...] | None:
    """Parts of lines; None for all that there is."""
    if told is None:
        return None
    return tuple(
        Part(one.line_id.raw, one.quantity.quantity, f"lines[{index}]")
        for index, one in enumerate(told)
    )
