"""How bulk jobs, media and what products are sorted by can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break

_JOB = "WHERE id = :bulk_job AND org = 1"

BREAKS_OF_CATALOGUE = (
    Break("BULK_JOBS", "counted too far", "bulk_job",
          (f"UPDATE bulk_jobs SET processed = processed + 1 {_JOB}",)),
    Break("BULK_JOBS", "over too early", "bulk_job",
          (f"UPDATE bulk_jobs SET state = 'COMPLETED' {_JOB}",)),
    Break("BULK_JOBS", "a slice that was lost", "bulk_job",
          ("DELETE FROM bulk_slices WHERE job_id = :bulk_job AND org = 1",)),
    Break("BULK_JOBS", "an end that no event tells", "bulk_job",
          (f"UPDATE bulk_jobs SET state = 'COMPLETED', processed = total {_JOB}",
           "DELETE FROM bulk_slices WHERE job_id = :bulk_job AND org = 1")),
)  # fmt: skip
