"""The jobs that this process holds, claimed from the table or born here, and their order.

The worker runs the jobs. The module pipeline.concluding brings the results to the book.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.kinds import Key
from entrepot.core.order import Job
from entrepot.core.shown import MICROSECONDS
from entrepot.pipeline.claims import Claims
from entrepot.pipeline.lanes import Lane
from entrepot.pipeline.reports import Reports
from entrepot.pipeline.settings import WorkerSettings
from entrepot.pipeline.steps import BOOK, SERVICE, SOURCE, HeldJob
from entrepot.pipeline.steps.outside import SANDBOX
from entrepot.pipeline.steps.table import in_hand
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Conflict
from entrepot.store.writing.queue import Lease

CHUNK = 256  # jobs that the book decides alone and that go to the writer together
CHUNKS_MAX = 4
SEEN_MAX = 2_000  # jobs held together with their whole orders, for their memory
CLAIM_GAP_SECONDS = 0.01
WAITING_CALLS = 8  # jobs of one account that wait here, for each call that may be under way
LANES_KEPT = 64  # lanes beyond this many are forgotten while nothing is in them
_NUMBER_BITS = 62


class Holding:
    """The jobs of one process; also the hooks of its writer (`writer.hooks`).

    Nothing is held before `open` and after `close`, and nothing new after `stop`.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], int],
        settings: WorkerSettings = WorkerSettings(),  # noqa: B008 - an immutable value
        random01: Callable[[], float] = random.random,
    ) -> None:
        """`now` gives microseconds UTC. The database is the caller's, who closes it."""
        self.database = database
        self.now = now
        self.settings = settings
        self.random01 = random01
        self.reports = Reports()
        self.holder = secrets.randbits(_NUMBER_BITS)
        self._claims = Claims(database, settings.idle_seconds, self.reports)
        self._lanes: dict[tuple[str, str, int], Lane] = {}
        self._crowded: list[HeldJob] = []
        self._first_step: Callable[[Job], ReserveStock] | None = None
        self._work: Callable[[], None] | None = None
        self._takes = self._told = False
        self._wake = asyncio.Event()

    # ------------------------------------------------------------------ from when to when

    def open(self, first_step: Callable[[Job], ReserveStock], work: Callable[[], None]) -> None:
        """Take jobs from now on. `work` is called soon after there is a job whose turn it may be.

        `first_step` says how the stock of an order is reserved.
        """
        self._first_step, self._work = first_step, work
        self._takes = True

    def stop(self) -> None:
        """Take nothing new from now on, neither from the table nor what is born here."""
        self._takes = False
        self._wake.set()

    def close(self) -> list[HeldJob]:
        """Hold nothing from now on; what waits here, which has to be given back."""
        self._work = None
        return self.waiting()

    def waiting(self) -> list[HeldJob]:
        """Take out all jobs that are not under way."""
        held = [one for lane in self._lanes.values() for one in lane.empty()]
        return [*held, *self.crowded()]

    # ------------------------------------------------------------------ where jobs come from

    def leased_until(self) -> int:
        """See `Hooks.leased_until`."""
        return self._lease().until if self._takes and self.room() > 0 else 0

    def first_step(self, job: Job) -> ReserveStock:
        """See `Hooks.first_step`."""
        assert self._first_step is not None, "nothing is held before `open`"
        return self._first_step(job)

    def born(self, jobs: list[Job], facts: Facts) -> None:
        """See `Hooks.born`. Jobs that come after `close` are left to the end of their leases."""
        if self._work is None:
            return
        whole = self.settings.held_max - self.room() < SEEN_MAX
        for job in jobs:
            seen = facts.seen(job)
            if seen is None:
                self.add(in_hand(job))
                continue
            self.tell_sandbox(seen.funds)
            stage = seen.order.facets.stage
            self.add(in_hand(job, stage, seen.funds, seen if whole else None))

    def tell_sandbox(self, funds: Funds | None) -> None:
        """Log, once a name, that the sandbox answers for a provider without credentials."""
        if funds is not None and funds.service == SANDBOX:
            self.reports.tell_sandbox(funds.first.payment.provider)

    def _lease(self) -> Lease:
        now = self.now()
        length = int(self.settings.lease_seconds * MICROSECONDS)
        return Lease(now, now + length, self.holder)

    def room(self) -> int:
        """How many jobs more may be held."""
        return self.settings.held_max - self.load()

    def load(self) -> int:
        """How many jobs are held, the ones under way among them."""
        return sum([lane.load for lane in self._lanes.values()])

    async def claim(self) -> float:
        """Take what is due in the table; seconds until the next look."""
        settings, room = self.settings, self.room()
        if room <= 0:
            return settings.busy_seconds
        started, limit = time.monotonic(), min(CHUNK, room)
        try:
            if (limit := limit - await self._take_again(limit)) <= 0:
                return 0.0
            hold = int(settings.hold_seconds * MICROSECONDS)
            found = await self._claims.take(self._lease(), hold, limit)
        except Conflict:
            return settings.busy_seconds * self.random01()
        if found is None:
            return settings.idle_seconds
        for one in found:
            self.add(one)
        if len(found) == limit:
            await asyncio.sleep(0)
            return 0.0
        # However often somebody wakes us, looking takes a small part of the time.
        await asyncio.sleep(max(CLAIM_GAP_SECONDS, 5 * (time.monotonic() - started)))
        return settings.busy_seconds if found else settings.idle_seconds

    async def _take_again(self, limit: int) -> int:
        """Claim jobs that were put off for lanes that have room for them by now; how many there
        were. A job that was done, changed or claimed by another process meanwhile is forgotten.
        """
        keys: dict[Key, Lane] = {}
        for lane in self._lanes.values():
            keys |= dict.fromkeys(lane.again(limit - len(keys)), lane)
        if not keys:
            return 0
        found = await self._claims.take_again(self._lease(), set(keys))
        held = {} if found is None else {(one.job.org, one.job.id): one for one in found}
        for key, lane in keys.items():
            if found is None:
                lane.remember(key)
            elif key in held:
                lane.waiting.append(held[key])
        if held:
            self.tell_soon()
        return len(held)

    async def claim_until_woken(self) -> None:
        """Take what is due, and return when it is time for the next look."""
        self._wake.clear()
        seconds = await self.claim()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    def wake(self) -> None:
        """Look into the table now: there may be something in it that is due."""
        self._wake.set()

    def wake_at(self, due: int) -> None:
        """Look into the table at that time, in microseconds, where it is before the next look."""
        seconds = (due - self.now()) / MICROSECONDS
        if seconds <= self.settings.idle_seconds:
            asyncio.get_running_loop().call_later(max(seconds, 0.0), self._wake.set)

    # ------------------------------------------------------------------ whose turn is next

    def add(self, one: HeldJob) -> None:
        """Hold a job, which waits for its turn."""
        lane = self._lane(one)
        if lane.is_full:
            self._crowded.append(one)
        else:
            lane.waiting.append(one)
        self.tell_soon()

    def tell_soon(self) -> None:
        """Have `work` called in a turn of the loop, once for all that came until then."""
        if not self._told:
            self._told = True
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._told = False
        if self._work is not None:
            self._work()

    def crowded(self) -> list[HeldJob]:
        """Take out the jobs for which the lanes of their accounts have no room."""
        crowded, self._crowded = self._crowded, []
        return crowded

    def put_off(self, crowded: Iterable[HeldJob]) -> None:
        """Such jobs are put off in the table: each is claimed again when its lane has room."""
        for one in crowded:
            lane = self._lane(one)
            lane.remember((one.job.org, one.job.id))
            if lane.takes_again():
                self.wake()

    def _lane(self, one: HeldJob) -> Lane:
        kind, name, org = one.step.lane, "", 0
        if kind == SERVICE and one.payment:
            name = one.payment.payment.service
            # The sandbox is everybody's; other services are asked for an account.
            org = 0 if name == SANDBOX else one.job.org
        found = self._lanes.get((kind, name, org))
        if found is None:
            if len(self._lanes) > LANES_KEPT:
                self._lanes = {
                    key: lane for key, lane in self._lanes.items() if lane.load or lane.put_off
                }
            found = self._lanes[kind, name, org] = self._new_lane(kind, org)
        return found

    def _new_lane(self, kind: str, org: int) -> Lane:
        settings = self.settings
        if org:
            return Lane(settings.account_calls_max, settings.account_calls_max * WAITING_CALLS)
        widths = {BOOK: CHUNK * CHUNKS_MAX, SOURCE: settings.fetches_max}
        return Lane(widths.get(kind, settings.calls_max))

    def chunks(self) -> Iterator[tuple[Lane, list[HeldJob]]]:
        """Take out jobs that the book decides alone, as many at a time as go together."""
        lane = self._lanes.get((BOOK, "", 0))
        while lane is not None and lane.waiting and self._takes:
            chunk = lane.begin(CHUNK, self._enough())
            if not chunk:
                return
            yield lane, chunk

    def turns(self) -> Iterator[tuple[Lane, HeldJob]]:
        """Take out the other jobs whose turn it is: as many as may be under way at once."""
        enough = self._enough()
        for (kind, _, _), lane in self._lanes.items():
            if kind != BOOK:
                for one in lane.begin(lane.width, enough):
                    yield lane, one
                if lane.takes_again():
                    self.wake()

    def _enough(self) -> int:
        """The end of a lease of which half is left."""
        return self.now() + int(self.settings.lease_seconds * MICROSECONDS / 2)
