"""Whether the database can be read and written at the moment, and telling the operator when not.

An outage fails every request and every look of the pipeline. The log has the database's own
sentence once, again after a minute, and one line when the outage is over.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from entrepot.telemetry import log

TELL_AGAIN_SECONDS = 60.0
SENTENCES_MAX = 16  # different ones told within that time
PROVE_SECONDS = 5.0  # a write this recent needs no proof that writing works
RETRY_SECONDS = 1.0  # between two proofs during an outage
# On a full disk a small write still finds room where an order does not: only a large one, or so
# many seconds without a failure, are the end of that.
QUIET_SECONDS = 10.0
_NUMBERS = re.compile(r"\d+")  # sentences that differ by these alone are one
LASTING_SECONDS = 1.0  # an outage that comes again is told again once it lasts so long


class Unavailable(Exception):
    """The database cannot be reached or did not answer. A write may or may not have happened.

    The text is the database's own sentence. It holds no values of rows.
    """

    fault: str | None = None
    """What /health/ready calls the fault; None: not reachable for reads, not writable for writes"""
    passing = False
    """Whether a server can do its reads meanwhile, and need not be started again afterwards."""


class NoRoom(Unavailable):
    """The disk is full, or does not take what is written."""

    passing = True


class Damaged(Unavailable):
    """A part of the database cannot be read as what it was written."""

    fault = "damaged"


class LogLost(Unavailable):
    """The book's log, or a part of it, is gone: commits that were acknowledged are missing."""

    fault = "log lost"


class OtherSchema(Unavailable):
    """A table or a column is missing: the schema is not the one that this version works with.

    `lacking`: what is missing, as the database says it.
    """

    fault = "schema"

    def __init__(self, lacking: str) -> None:
        super().__init__(
            f"the schema is not the one that this version needs ({lacking}); /health/ready and "
            "`entrepot verify` say what the book lacks"
        )


class LogFault(NamedTuple):
    """A fault of the log of a book.

    `kind`: `commits_missing`, `log_missing` (in a copy, or beside the book) or `log_removed` (under
    a serving process). `missing`: how many commits; None if that is not known.
    """

    kind: str
    missing: int | None
    sentence: str


class Outage:
    """Whether one use of the database (reading or writing) fails. Belongs to one process."""

    def __init__(
        self,
        what: Literal["reading", "writing"],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.what = what
        self.error: Unavailable | None = None
        """The last failure; None while this works."""
        self.damaged = False
        """Whether damage was seen since this process started. It does not go away by itself."""
        self.at = float("-inf")
        """When this worked or failed last."""
        self.tells = False
        """Whether failures are logged: a command raises its one sentence, a server goes on."""
        self._monotonic = monotonic
        self._since = self._failed_at = 0.0
        self._failures = 0
        self._is_told = False
        self._told: dict[str, float] = {}

    def failed(self, error: Unavailable) -> None:
        """Note a failure, and log its sentence unless that was done a moment ago."""
        now = self.at = self._failed_at = self._monotonic()
        if self.error is None:
            self._since, self._failures, self._is_told = now, 0, False
        self.error = error
        self.damaged = self.damaged or isinstance(error, Damaged)
        self._failures += 1
        why = str(error)
        # A full disk of PostgreSQL names another file each time, by its number.
        kind = _NUMBERS.sub("", why)
        self._told = {
            sentence: at for sentence, at in self._told.items() if now - at < TELL_AGAIN_SECONDS
        }
        is_new = kind not in self._told and len(self._told) < SENTENCES_MAX
        is_back = not self._is_told and now - self._since >= LASTING_SECONDS
        if self.tells and (is_new or is_back):
            self._told[kind] = now
            self._is_told = True
            log.error("database.unavailable", doing=self.what, why=why, failures=self._failures)

    def worked(self, *, proven: bool = False) -> None:
        """Note a success; log the end of an outage that was told.

        `proven`: what was written was large enough to tell that there is room.
        """
        now = self._monotonic()
        if self.error is not None and self.error.passing and not proven:
            if now - self._failed_at < QUIET_SECONDS:
                return
        self.at = now
        if self.error is None:
            return
        self.error = None
        if self._is_told:
            seconds = round(now - self._since, 3)
            log.warning(
                "database.back", doing=self.what, failures=self._failures, after_seconds=seconds
            )

    def is_known(self) -> bool:
        """Whether the last use was so recent that another would tell nothing new."""
        bound = PROVE_SECONDS if self.error is None else RETRY_SECONDS
        return self._monotonic() - self.at < bound
