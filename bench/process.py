"""Resources of a process and its children, by Linux: memory, processor time, open files."""

from __future__ import annotations

import os
import time
from pathlib import Path

QUIET_SHARE = 0.1
WINDOW_SECONDS = 0.4
IDLE_WITHIN_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in _text(children).split()]
    return found


def memory(pid: int) -> int:
    """Resident bytes, the children's too; a page that they share counts for each."""
    return sum(_status(one, "VmRSS") for one in tree(pid))


def most_memory(pid: int) -> int:
    """The most that each was ever resident with, in bytes, added up."""
    return sum(_status(one, "VmHWM") for one in tree(pid))


def memory_from_now(pid: int) -> int:
    """Resident bytes; what `most_memory` tells counts from now on."""
    for one in tree(pid):
        Path(f"/proc/{one}/clear_refs").write_text("5")
    return memory(pid)


def processor_seconds(pid: int) -> float:
    """Processor time used so far, by the program and by the kernel for it."""
    return sum(_ticks(one) for one in tree(pid)) / _TICKS


def bytes_from_disk(pid: int) -> int:
    """Bytes that had to be fetched from the disk so far; what memory still held is not counted."""
    told = [_text(Path(f"/proc/{one}/io")) for one in tree(pid)]
    return sum(int(text.partition("\nread_bytes: ")[2].split()[0]) for text in told if text)


def open_files(pid: int, path: Path) -> int:
    """How many times the processes have this file open."""
    count = 0
    for one in tree(pid):
        for link in Path(f"/proc/{one}/fd").glob("*"):
            try:
                count += link.readlink() == path
            except OSError:  # closed meanwhile
                continue
    return count


def wait_until_idle(pid: int, workers: int = 1) -> None:
    """Return when so many workers are there and nobody does anything: all of them have started.

    A server of several processes answers as soon as the first of them is up.
    """
    deadline = time.monotonic() + IDLE_WITHIN_SECONDS
    quiet = 0
    while quiet < 2:
        assert time.monotonic() < deadline, "the server does not come to rest after its start"
        before = processor_seconds(pid)
        time.sleep(WINDOW_SECONDS)
        used = (processor_seconds(pid) - before) / WINDOW_SECONDS
        there = workers == 1 or len(tree(pid)) > workers
        quiet = quiet + 1 if used < QUIET_SHARE and there else 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process has ended
        return ""


def _status(pid: int, name: str) -> int:
    for line in _text(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def _ticks(pid: int) -> int:
    # After the name, which may hold anything but ends with the last bracket.
    fields = _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields else 0
