"""Hearing what was notified of payments that came to nothing, before that was written down."""

from __future__ import annotations

from entrepot.core.commands import Command
from entrepot.core.decide import late_money
from entrepot.core.decide.late_money import SettleHearing
from entrepot.core.decide.steps import FinishJob
from entrepot.pipeline.steps import HeldJob, Terms
from entrepot.pipeline.steps.outside import Outside


async def hear(held: HeldJob, outside: Outside, _terms: Terms) -> Command:
    """Tell the book which notifications tell of money of these payments, and were heard by nobody.

    The outcome is committed by now. A notification that is kept later finds the order by itself.
    """
    job, funds = held.job, held.funds
    if funds is None or job.order_id is None:
        return FinishJob(job.org, job.id, job.fence)
    named = late_money.names(job.order_id, funds)
    since = late_money.since(funds)
    heard = await outside.notified_money(job.org, funds.service, named, since)
    return SettleHearing(job.org, job.order_id, job.id, job.fence, heard)
