"""What a run yields: rows of one shape, whatever was measured, and where they are kept."""

from __future__ import annotations

from pathlib import Path

import msgspec

RESULT = Path("var/bench.json")


class Row(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One measured figure. Rates are a second, latencies milliseconds.

    `of_empty` is `rate` divided by the empty handler's rate at the same concurrency in the same
    run. A row with `failed` says why its figures must not be believed.
    """

    measure: str
    what: str
    engine: str = ""
    role: str = ""
    concurrency: int
    rate: float
    p50: float
    p99: float
    of_empty: float | None = None
    note: str = ""
    failed: str = ""


class Result(msgspec.Struct):
    """One run: the machine it ran on, how it was asked to run, and its rows."""

    machine: dict[str, str]
    settings: dict[str, str]
    rows: list[Row]

    def save(self, path: Path) -> None:
        """Write it as indented JSON, making the folder at need."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")


def load(path: Path) -> Result:
    """The run that was saved there. Raises OSError and msgspec.ValidationError."""
    return msgspec.json.decode(path.read_bytes(), type=Result)
