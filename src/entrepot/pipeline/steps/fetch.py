"""Fetching an order that was only notified, from the source that its organization configured."""

from __future__ import annotations

from entrepot.core.commands import Command
from entrepot.core.decide.mirror import MirrorOrders
from entrepot.core.decide.steps import FinishJob
from entrepot.core.refusal import Refused
from entrepot.pipeline.order_source import BODY_BYTES_MAX, OK, Unanswered, Unaskable, address
from entrepot.pipeline.steps import HeldJob, Terms, park, put_off
from entrepot.pipeline.steps.outside import Outside

_NOT_FOUND, _GONE = 404, 410


async def fetch(held: HeldJob, outside: Outside, terms: Terms) -> Command:
    """Mirror the order that the source tells of, or put it off, or park what cannot be read."""
    job, text, dialect = held.job, held.job.payload, outside.dialect
    organization = await outside.organization(job.org)
    if organization is None or organization.source_url is None or text is None:
        # The order stays announced; a source that is set later is asked for it.
        return FinishJob(job.org, job.id, job.fence)
    try:
        url = address(organization.source_url, text, dialect.business(organization.id))
        answer = await outside.source.ask(url, organization.source_header)
    except Unaskable as error:
        return park(held, f"the order source cannot be asked: {error}", terms)
    except Unanswered as error:
        return put_off(held, "fetch", f"no answer of the source: {error}", terms)
    if answer.status in (_NOT_FOUND, _GONE):
        return put_off(held, "absent", f"the source answered {answer.status}", terms)
    if answer.status != OK:
        error_text = f"the source answered {answer.status}"
        return put_off(held, "fetch", error_text, terms, answer.retry_after)
    if answer.encoding:
        packed = f"the source's answer is packed ({answer.encoding}), which was not asked for"
        return park(held, packed, terms)
    if answer.body is None:
        return park(held, f"the source's answer is over {BODY_BYTES_MAX} bytes", terms)
    try:
        draft = dialect.read(answer.body, text, job.org)
    except Refused as refused:
        return park(held, f"the source's answer is no order: {refused}", terms)
    return MirrorOrders(job.org, dialect.name, (draft,), job.id, job.fence, text)
