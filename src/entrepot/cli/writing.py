"""The door for an operator's writes. Only the commands that write load this module.

`entrepot.wiring` knows every room: loading it takes a third of the start of a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entrepot.pipeline.steps.outside import Outside
    from entrepot.settings import Settings
    from entrepot.store.engine import Database
    from entrepot.writer.writer import Writer


def make_writer(database: Database, chosen: Settings) -> Writer:
    """See `entrepot.wiring.make_writer`: of an operator's command."""
    from entrepot import wiring  # noqa: PLC0415 - see above

    return wiring.make_writer(database, chosen)


def make_outside(database: Database, chosen: Settings) -> Outside:
    """See `entrepot.wiring.make_outside`."""
    from entrepot import wiring  # noqa: PLC0415 - see above

    return wiring.make_outside(database, chosen)
