"""The machine of a run: figures of two machines cannot be compared, ratios may be."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import pysqlite3

PACKAGES = ("litestar", "uvicorn", "uvloop", "httptools", "msgspec", "sqlalchemy", "asyncpg")


def facts(folder: Path) -> dict[str, str]:
    """The machine and the versions of what runs on it; `folder` is where the books will be."""
    load = os.getloadavg()[0]
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "CPU": _cpu(),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "load at the start": f"{load:.1f}",
        "fsync": f"{fsync_milliseconds(folder):.2f} ms a 4 KiB append ({filesystem(folder)})",
        "Python": platform.python_version(),
        "SQLite": pysqlite3.sqlite_version,
        "packages": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES),
        "revision": _revision(),
    }


def fsync_milliseconds(folder: Path) -> float:
    """The median of 50 appends of 4 KiB with fsync: what one durable commit costs at least."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(50):
            begun = time.perf_counter()
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1e3


def filesystem(folder: Path) -> str:
    """The kind of file system that a folder is on; a `tmpfs` keeps nothing over a power loss."""
    best, kind = "", "unknown"
    mounts = Path("/proc/mounts")
    for line in mounts.read_text().splitlines() if mounts.exists() else ():
        _, point, type_, *_ = line.split()
        if folder.resolve().is_relative_to(point) and len(point) >= len(best):
            best, kind = point, type_
    return kind


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _revision() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], check=False, capture_output=True, text=True
    )
    return told.stdout.strip() or "not committed"
