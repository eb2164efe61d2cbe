"""Orders of one buyer become one, a moment after they are confirmed, where the organization says
so. The organization's log says which orders are confirmed."""

from __future__ import annotations

from functools import partial

from entrepot.core import actor
from entrepot.core.decide.merge import MergeOrders
from entrepot.core.refusal import Reason, Refusal
from entrepot.store.engine import Database, Snapshot
from entrepot.store.keeping import merging
from entrepot.store.keeping.log_readers import Step
from entrepot.store.keeping.retention import Sweep, save
from entrepot.store.writing.writes import Writes
from entrepot.telemetry import log, metrics
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

EVENTS_AT_ONCE = 200
# These say nothing of the orders: more came in than could be written, or the database was away.
_LATER = frozenset({Reason.OVERLOADED, Reason.UNAVAILABLE})


class Merging:
    """The reader that has orders merged which came through one dialect, `origin`.

    A slice of the log that is read twice merges nothing twice: the command is refused then.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        origin: str,
        *,
        at_once: int = EVENTS_AT_ONCE,
    ) -> None:
        self._database = database
        self._writer = writer
        self._origin = origin
        self._at_once = at_once

    def behind(self, conn: Snapshot, after_org: int, limit: int) -> list[Sweep]:
        """See Reader."""
        return merging.behind(conn, after_org, limit)

    async def step(self, sweep: Sweep) -> Step:
        """See Reader."""
        org = sweep.org
        begin = partial(merging.begins, org=org, after=sweep.reached_at)
        after = await self._database.read(begin)
        read = partial(merging.confirmed, org=org, after=after, limit=self._at_once)
        orders, last = await self._database.read(read)
        for order_id in orders:
            if not await self._merge(org, order_id):
                # The slice is read again in the next round.
                return Step(sweep, True)
        moved = sweep._replace(fence=sweep.fence + 1, reached_at=last)

        def write(conn: Snapshot) -> None:
            writes = Writes()
            save(writes, moved, sweep.fence)
            writes.run(conn)

        await self._database.write_unsynced(write)
        return Step(moved, last == after or last < after + self._at_once)

    async def _merge(self, org: int, order_id: bytes) -> bool:
        """Have the order merged with an older or a newer one, if there is such an order. False
        where the command could not be written now.
        """
        found = await self._database.read(partial(merging.pair, org=org, order_id=order_id))
        if found is None:
            return True
        into, other = found
        command = MergeOrders(org, self._origin, into.id, other.id)
        outcome = await self._writer.submit(Envelope(command, actor=actor.step("merge")))
        if not isinstance(outcome.result, Refusal):
            metrics.orders_merged.inc()
        elif outcome.result.reason in _LATER:
            return False
        else:
            log.info("merging.apart", order=into.number, other=other.number)
        return True
