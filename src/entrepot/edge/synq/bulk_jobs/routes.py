"""Synq's bulk jobs: the path table, and the lines that connect reading, the writer or a question,
and writing.
"""

from __future__ import annotations

from entrepot.core.bulk_jobs import TYPES, UPDATE
from entrepot.core.naming import capitals
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import MIB, Call, Operation, Parameter, Response, read_json
from entrepot.edge.synq.bulk_jobs import read, wire, write
from entrepot.edge.synq.documented import BODY_ERRORS, ERRORS, HEADERS
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.paging import paged, parameters
from entrepot.edge.synq.wire import Error
from entrepot.store.reading import bulk_jobs
from entrepot.writer.envelope import Answer

#: As many in an answer.
SHOWN = 100
_PATH = "/api/v1/pim/bulk-jobs"


async def list_jobs(call: Call) -> Answer:
    """Answer with the newest jobs of a type."""
    after, limit = paged(call, SHOWN, "type")
    type_ = capitals(call.query("type").get("type", UPDATE).strip())
    if type_ not in TYPES:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(TYPES)}", "type")
    found = await call.read(bulk_jobs.listed, type_, after, limit)
    return Answer(200, write.encode([write.job(one, call.principal) for one in found]))


async def get_job(call: Call) -> Answer:
    """Answer with one job."""
    found = await call.read(bulk_jobs.job, uuid(call.path_ids["id"], "id"))
    if found is None:
        raise refuse(Reason.NO_SUCH_ROUTE, "No such bulk job is known here.")
    return Answer(200, write.encode(write.job(found, call.principal)))


async def make_job(call: Call) -> Answer:
    """Have many products worked on; the work begins after the answer."""
    principal = call.principal
    command = await call.parsed(lambda body: read.make_job(read_json(body, read.MAKE), principal))
    return await call.submit(command, write.made(principal, call.request_id))


OPERATIONS = (
    Operation(
        method="GET", path=_PATH, operation_id="listBulkJobs", summary="List bulk jobs",
        handler=list_jobs, tag="Bulk jobs",
        parameters=(
            *HEADERS,
            Parameter("type", "query", {"type": "string", "enum": list(TYPES), "default": UPDATE},
                      False, "Which jobs."),
            *parameters(SHOWN),
        ),
        responses={200: Response("Jobs of the type, newest first", list[wire.Job]), **ERRORS},
    ),
    Operation(
        method="GET", path=f"{_PATH}/{{id}}", operation_id="getBulkJob", summary="Get a bulk job",
        handler=get_job, tag="Bulk jobs",
        parameters=(
            Parameter("id", "path", {"type": "string", "format": "uuid"}, True, "UUID of the job."),
            *HEADERS,
        ),
        responses={200: Response("The job", wire.Job), **ERRORS,
                   404: Response("No such job is known here", Error)},
    ),
    Operation(
        method="POST", path=_PATH, operation_id="makeBulkJob", summary="Make a bulk job",
        handler=make_job, access=WRITERS, tag="Bulk jobs", parameters=HEADERS, body=wire.MakeJob,
        body_max=10 * MIB,
        description="The products are worked on after the answer. Ask for the job until its "
        "`status` is COMPLETED or FAILED.",
        responses={200: Response("The job", wire.Job), **BODY_ERRORS},
    ),
)  # fmt: skip
