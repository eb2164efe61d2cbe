"""A command of an order on its way: carried out, or only rehearsed."""

from __future__ import annotations

from entrepot.core.commands import Command
from entrepot.core.order import Order
from entrepot.core.refusal import Refusal
from entrepot.edge import revisions
from entrepot.edge.dialect import Call, answered
from entrepot.edge.native.orders import write
from entrepot.writer.envelope import Answer, Idempotency


async def carry_out(
    call: Call,
    command: Command,
    key: Idempotency | None,
    *,
    dry: bool,
    status: int = 200,
    shown: write.Shown = write.whole,
) -> Answer:
    """Carry the command out and answer with what is `shown` of its result; or, in a dry run, tell
    what would come of it.
    """
    expected = revisions.expected(call.headers)

    def tagged(order: Order) -> None:
        call.etag = revisions.tag(order)

    answer = write.written(status, call.request_id, tagged, shown)
    if not dry:
        return await call.submit(command, answer, key, expected=expected, whole=True)
    found = await call.rehearse(command, answer, expected=expected, whole=True)
    call.etag = None
    if isinstance(found.outcome.result, Refusal) or found.order is None:
        return answered(found.outcome)
    return write.rehearsed(found)
