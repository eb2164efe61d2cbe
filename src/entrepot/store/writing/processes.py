"""Processes that work on jobs, and the jobs of processes that died. Needed where there are several.

A living process counts up its beats. No two clocks are compared: an observer remembers the count,
and how often it has looked since the count changed.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from entrepot.store import schema

_processes, _jobs = schema.processes, schema.jobs


def beat(conn: Connection, process: int, now: int) -> dict[int, int]:
    """Count one beat more of this process; the beats of all, by process."""
    beaten = conn.execute(
        update(_processes)
        .where(_processes.c.id == process)
        .values(beats=_processes.c.beats + 1, seen_at=now)
    )
    if beaten.rowcount == 0:
        row = {"id": process, "beats": 1, "started_at": now, "seen_at": now}
        conn.execute(insert(_processes).values(row))
    found = conn.execute(select(_processes.c.id, _processes.c.beats))
    return {row.id: row.beats for row in found}


def bury(conn: Connection, process: int, beats: int) -> int | None:
    """End the leases of a process that has not beaten since; how many jobs it held.

    None where it has beaten after all, or another one has done this. The fences rise, so that a
    process that was only slow can finish nothing that is somebody else's now.
    """
    gone = delete(_processes).where(_processes.c.id == process, _processes.c.beats == beats)
    if conn.execute(gone).rowcount == 0:
        return None
    return end_leases_of(conn, process)


def end_leases_of(conn: Connection, process: int) -> int:
    """Free the jobs that a dead process held; how many. Their fences rise."""
    held = update(_jobs).where(_jobs.c.holder == process, _jobs.c.leased_until > 0)
    return conn.execute(held.values(leased_until=0, fence=_jobs.c.fence + 1)).rowcount


def unknown_holders(conn: Connection) -> set[int]:
    """Holders of jobs that have no beat: such a process died before its first beat."""
    known = select(_processes.c.id)
    holders = select(_jobs.c.holder).where(
        _jobs.c.leased_until > 0, _jobs.c.holder.is_not(None), _jobs.c.holder.not_in(known)
    )
    return set(conn.execute(holders.distinct()).scalars())


def leave(conn: Connection, process: int) -> None:
    """This process has let go of its jobs, and ends."""
    conn.execute(delete(_processes).where(_processes.c.id == process))
