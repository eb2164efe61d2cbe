"""Named points at which a test has the process killed, as a loss of power would end it.

``ENTREPOT_FAILPOINT=NAME`` kills the process with SIGKILL when it reaches the point for the first
time; ``NAME:3`` kills at the third time. Without the setting `reached` does nothing.

| point                 | the process                                                           |
|-----------------------|-----------------------------------------------------------------------|
| ``write.COMMAND``     | has decided a batch with such a command, and has written nothing      |
| ``commit.COMMAND``    | has written the batch. SQLite has not committed; PostgreSQL writes    |
|                       | most batches with one statement, which commits itself                 |
| ``committed.COMMAND`` | has committed the batch, and has told nobody                          |
| ``send.OPERATION``    | is about to ask a payment service                                     |
| ``answered.OPERATION``| has the service's answer, and has recorded nothing                    |
| ``migrate.step``      | has changed the schema by one migration, and has not committed        |
| ``migrate.commit``    | has changed the schema to head, and has not committed                 |

COMMAND is the name of a command's class, such as ``SettlePayment``. OPERATION is a method of
`PaymentProvider`, such as ``authorise``.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable

SETTING = "ENTREPOT_FAILPOINT"


class _Failpoint:
    """The one point that this process dies at, and how often the process still passes the point."""

    def __init__(self, told: str) -> None:
        self.name, _, times = told.partition(":")
        self.left = int(times or 1)

    def reached(self, name: str) -> None:
        if name != self.name:
            return
        self.left -= 1
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


_failpoint = _Failpoint(os.environ.get(SETTING, ""))
ARMED = bool(_failpoint.name)
"""Whether this process dies at a point. A hot path asks this before it makes a name."""


def arm(told: str) -> None:
    """Have this process die at a point, as the setting tells it; at none where it tells nothing.

    A process that was forked has its setting only after this module was loaded.
    """
    global _failpoint, ARMED  # noqa: PLW0603 - the process has one point
    _failpoint = _Failpoint(told)
    ARMED = bool(_failpoint.name)


def reached(name: str) -> None:
    """Kill the process if this is the point, and the time, that the setting names."""
    if ARMED:
        _failpoint.reached(name)


def reached_by(stage: str, things: Iterable[object]) -> None:
    """Reach the point ``STAGE.CLASS`` for each of these things."""
    for one in things:
        reached(f"{stage}.{type(one).__name__}")
