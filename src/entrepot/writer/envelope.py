"""A command's envelope on its way in, and the outcome that comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from entrepot.core import actor
from entrepot.core.commands import Command
from entrepot.core.expected import ANY, Expected
from entrepot.core.refusal import Refusal
from entrepot.core.results import Result
from entrepot.core.seen import Seen


class Answer(NamedTuple):
    """An answer on the wire: a status, and the exact bytes of the body."""

    status: int
    body: bytes


class Idempotency(NamedTuple):
    """A client's key in its organization, and the fingerprint that tells a repeat from a reuse.

    `fingerprint` is made by writer.idempotency over the parts called `parts`, in that order.
    `shows_times` says that an answer shows when the order was made or changed.
    """

    key: str
    operation: str
    parts: tuple[str, ...]
    fingerprint: bytes
    store_refusals: bool = True
    # Functions that make the fingerprints of older versions from the same request.
    older: tuple[Callable[[], bytes], ...] = ()
    shows_times: bool = False
    # The order that the body repeats to the letter, if any: its first answer is then the answer.
    order_id: bytes | None = None


class Envelope(NamedTuple):
    """A command with its request's id, its key if it has one, how its dialect answers, and who
    sent it.
    """

    command: Command
    request_id: str | None = None
    idempotency: Idempotency | None = None
    # Pure. Called inside the transaction, so the stored answer is the sent one. Called again if the
    # commit has another time than the decision had.
    answer: Callable[[Result | Refusal], Answer] | None = None
    # The sender's knowledge of the order, so that the book need not be read again.
    seen: Seen | None = None
    # The sender of the command, as its events tell the sender; see core.actor.
    actor: str = actor.UNKNOWN
    # The state in which the command's order must be.
    expected: Expected = ANY
    # Whether the answer shows the order with its number and with all that hangs on it.
    whole: bool = False


class Outcome(NamedTuple):
    """The outcome of an envelope. `answer` is there whenever the envelope said how to answer."""

    result: Result | Refusal
    answer: Answer | None = None
    replayed: bool = False
