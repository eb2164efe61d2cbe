"""A thing of the native API with its tag: read, and written in the version that is meant."""

from __future__ import annotations

from collections.abc import Callable

from entrepot.core.commands import Command
from entrepot.core.refusal import Refusal
from entrepot.core.results import Result
from entrepot.edge import revisions
from entrepot.edge.dialect import Call, answered
from entrepot.edge.native.refusals import refusal_answer
from entrepot.writer.envelope import Answer, Idempotency

# The tag of the thing that a command came to, and the thing as a body.
Told = Callable[[Result], tuple[str, bytes]]


def shown(call: Call, tag: str, body: Callable[[], bytes]) -> Answer:
    """The answer to a question for one thing, whose body is made where the caller needs it."""
    return revisions.shown(call, tag, lambda: Answer(200, body()))


async def carry_out(
    call: Call, command: Command, key: Idempotency | None, status: int, told: Told, *,
    dry: bool = False,
) -> Answer:  # fmt: skip
    """Carry the command out, and answer with the thing as it now is; in a dry run, as it would be,
    without a tag: no version of it is there.
    """

    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refusal_answer(result, call.request_id)
        tag, body = told(result)
        call.etag = None if dry else tag
        return Answer(200 if dry else status, body)

    if dry:
        return answered((await call.rehearse(command, answer)).outcome)
    return await call.submit(command, answer, key)
