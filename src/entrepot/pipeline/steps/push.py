"""Telling a connected shop of a product, through the integration service."""

from __future__ import annotations

from entrepot.core import ids
from entrepot.core.commands import Command
from entrepot.core.decide.jobs import TRIES_MAX
from entrepot.core.decide.push import FinishPush
from entrepot.core.integrations import DELETE, Push, Pushed, push_of
from entrepot.core.products import DELETED
from entrepot.core.shown import MICROSECONDS, moment
from entrepot.pipeline.steps import HeldJob, Terms, put_off, wait_until
from entrepot.pipeline.steps.outside import Outside

# Answers after which the same request may be taken later.
_LATER = frozenset({408, 425, 429})
_SERVER_ERRORS = 500
_ABSENT = frozenset({404, 410})  # of a product that is to go: it is gone
NOT_SET_UP = "no integration service is set up here: set ENTREPOT_INTEGRATION_URL"


async def push(held: HeldJob, outside: Outside, terms: Terms) -> Command:
    """Tell the shop, put it off, or give it up with the reason. The book is not held meanwhile."""
    job = held.job
    told = push_of(job.payload or "")
    connection = await outside.connection(job.org, told.connection)
    if outside.shops is None:
        return _over(held, told, NOT_SET_UP)
    if connection is None:
        return _over(held, told, "the connection is not active any more")
    rest = outside.pushes.rest()
    if rest:
        again = terms.now() + int(rest * MICROSECONDS)
        return wait_until(held, again, f"the service is left alone until {moment(again)}")
    product = await outside.product(job.org, ids.spelled(told.product_id) or b"")
    if product is None or product.product.status == DELETED or told.action == DELETE:
        told, product = told._replace(action=DELETE), None
    answer = await outside.shops.push(connection, told, product)
    outside.pushes.told(None if _again(answer) else answer)
    if _again(answer):
        why = answer.error or f"the integration service answered {answer.status}"
        if job.tries + 1 < TRIES_MAX["push"]:
            return put_off(held, "push", why, terms)
        return _over(held, told, f"gave up after {job.tries + 1} tries: {why}")
    if answer.is_taken or (told.action == DELETE and answer.status in _ABSENT):
        return _over(held, told)
    return _over(held, told, f"the integration service answered {answer.status}")


def _again(answer: Pushed) -> bool:
    """Whether the same request may be taken later: nobody answered, or the service has a fault."""
    return answer.status is None or answer.status in _LATER or answer.status >= _SERVER_ERRORS


def _over(held: HeldJob, told: Push, fault: str = "") -> FinishPush:
    job = held.job
    return FinishPush(job.org, job.id, job.fence, told, job.leased_until, fault)
