"""Bulk jobs, and the slices of them that are left to do."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, Text, text

from entrepot.core import bulk_jobs as kinds
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import (
    ID,
    belongs_to,
    json_text,
    need,
    one_of,
    partial_index,
    table,
)

# Jobs that are not over, of all organizations: they are few.
OPEN = "state = 'PENDING' OR state = 'PROCESSING'"

bulk_jobs = table(
    "bulk_jobs",
    need("org", BigInteger),
    need("id", ID),
    need("type", Text),
    need("state", Text),
    need("total", BigInteger),
    need("processed", BigInteger),
    need("failed", BigInteger),
    json_text("faults", needed=True, nothing="[]"),
    need("actor", Text),
    need("leased_until", BigInteger),
    need("version", BigInteger),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    one_of("type", kinds.TYPES),
    one_of("state", kinds.STATES),
    Index("bulk_jobs_type", "org", "type", "id"),
    partial_index("bulk_jobs_open", "created_at", where=text(OPEN)),
)

bulk_slices = table(
    "bulk_slices",
    need("org", BigInteger),
    belongs_to("job_id", bulk_jobs),
    need("number", BigInteger),
    need("items", Text),
    PrimaryKeyConstraint("org", "job_id", "number"),
)

BULK_JOBS = Kept(kinds.BULK_JOBS, bulk_jobs, fixed=("type", "total", "actor", "created_at"))
BULK_SLICES = Kept(kinds.BULK_SLICES, bulk_slices)
