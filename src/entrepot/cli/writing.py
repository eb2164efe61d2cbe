"""The door for an operator's writes. Only the commands that write load this module.

`entrepot.wiring` knows every room: loading it takes a third of the start of a command.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from entrepot import settings
from entrepot.core.refusal import Reason, Refusal

if TYPE_CHECKING:
    from entrepot.core.results import Result
    from entrepot.pipeline.steps.outside import Outside
    from entrepot.settings import Settings
    from entrepot.store.engine import Database
    from entrepot.writer.envelope import Envelope


async def results(database: Database, envelopes: Sequence[Envelope]) -> list[Result | Refusal]:
    """The results of commands, which the same writer carries out as a server's.

    Raises the database's own error where the database could not be written: the refusal of a
    command names no cause, because clients read refusals as well.
    """
    from entrepot import wiring  # noqa: PLC0415 - see above

    outcomes = await wiring.make_writer(database, settings.load()).submit_all(envelopes)
    found = [one.result for one in outcomes]
    away = [one for one in found if isinstance(one, Refusal) and one.reason is Reason.UNAVAILABLE]
    if away and database.writing.error is not None:
        raise database.writing.error
    return found


def make_outside(database: Database, chosen: Settings) -> Outside:
    """See `entrepot.wiring.make_outside`."""
    from entrepot import wiring  # noqa: PLC0415 - see above

    return wiring.make_outside(database, chosen)
