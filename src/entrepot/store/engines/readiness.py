"""Whether the database can be worked with right now, for /health/ready."""

from __future__ import annotations

from entrepot.store.engine import Database
from entrepot.store.engines.outage import Unavailable


async def fault(database: Database) -> str | None:
    """The fault of the database in a few words, or None: `not writable`, `log lost` or `damaged`.

    The schema has to be there. Unless something was written within the last seconds, a small write
    is committed. So a database that takes writes again is found to do so, although no client sends
    any. Damage that was seen stays until the process is started again.
    """
    writing = database.writing
    try:
        await database.look_at_files()
        if not writing.is_known():
            await database.prove_writing()
    except Unavailable:
        pass  # noted by the outage, which has logged it
    if writing.error is not None:
        return writing.error.fault or "not writable"
    return "damaged" if writing.damaged or database.reading.damaged else None
