"""The memory that reading a body takes, measured in a process of its own.

Tracing every allocation takes five times as long as reading does. The process is forked from one
that has little memory to spare, so what reading takes shows in the process's highest use of memory.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from entrepot.core.refusal import Refused
from entrepot.edge.access import Principal
from entrepot.edge.konvo.orders import read as konvo
from entrepot.edge.strict_json import InvalidJson, decode
from entrepot.pace import in_slices
from entrepot.testing.forking import forking

RAW = msgspec.json.Decoder(msgspec.Raw)
KIBIBYTE = 1024  # of which Linux counts the memory of a process
Reading = Callable[[bytes], str | None]


def problem(body: bytes) -> str | None:
    """Why the body is refused as JSON."""
    try:
        decode(body, RAW)
    except InvalidJson as error:
        return str(error)
    return None


def problem_of_orders(body: bytes) -> str | None:
    """Why the body is refused as an array of Konvo's orders."""
    try:
        konvo.mirror_orders(konvo.orders(body), Principal(1, b"o" * 16, b"t" * 16, "ADMIN"))
    except Refused as refused:
        return refused.refusal.sentence
    return None


def hungry(_body: bytes) -> str | None:
    """Takes 200 MiB and lets them go."""
    return None if b"x" * (200 << 20) else ""


def measured(reading: Reading, body: bytes, folder: Path) -> tuple[str | None, int]:
    """What a reading says of the body, and how many bytes it took at most beside the body."""
    path = folder / "body"
    path.write_bytes(body)
    with ProcessPoolExecutor(1, mp_context=forking()) as process:
        return process.submit(_measured, reading, path).result()


def _measured(reading: Reading, path: Path) -> tuple[str | None, int]:
    body = path.read_bytes()
    before = _most()
    said = asyncio.run(in_slices(reading, body))
    return said, (_most() - before) * KIBIBYTE


def _most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
