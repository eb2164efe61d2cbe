"""Bulk jobs in Synq's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import ids
from entrepot.core.bulk_jobs import BulkJob
from entrepot.core.results import BulkJobResult
from entrepot.edge.access import Principal
from entrepot.edge.kept_json import shaped
from entrepot.edge.synq.bulk_jobs import wire
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.times import seconds_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode
_FAULTS = msgspec.json.Decoder(list[wire.Fault])


def job(one: BulkJob, principal: Principal) -> wire.Job:
    """A bulk job."""
    return wire.Job(
        id=ids.dashed(one.id),
        org_id=ids.dashed_often(principal.org_id),
        tenant_id=ids.dashed_often(principal.tenant_id),
        job_type=one.type,  # type: ignore[arg-type]  # one of the types
        status=one.state,  # type: ignore[arg-type]  # one of the states
        total_items=one.total,
        processed_items=one.processed,
        failed_items=one.failed,
        errors=shaped(one.faults, _FAULTS, []),
        created_at=seconds_text(one.created_at),
        updated_at=seconds_text(one.updated_at),
    )


def made(principal: Principal, request_id: str) -> Written:
    """How the making is answered: with the job."""

    def answer(result: BulkJobResult) -> Answer:
        return Answer(200, encode(job(result.job, principal)))

    return written(refusal_answer, request_id, BulkJobResult, answer)
