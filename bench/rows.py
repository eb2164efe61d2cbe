"""Results of a run: rows of one shape for every measure, and the file where they are kept."""

from __future__ import annotations

from pathlib import Path

import msgspec

RESULT = Path("var/bench.json")
EMPTY = "the typed empty handler"


class Row(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One measured figure: `rate`, in `unit`. Latencies are milliseconds.

    `number` and `measure` are filled in by the run: the measure's number in docs/performance.md and
    its module's name. `ratio` is `rate` divided by what `of` names, measured in the same run; a row
    inside `Run.judged` that leaves `ratio` out and says `of=EMPTY` gets it there. `of_empty` is
    `rate` divided by the typed empty handler's at the same concurrency, whatever the ratio is of.
    The target is `at_least` or `at_most`, held against `ratio`, or against `rate` where there is no
    ratio; `met` says whether it is reached and is None without a target. A zero in `workers`,
    `concurrency`, `p50` and `p99` means that there is no such thing. A row with `failed` says why
    its figures must not be believed.
    """

    number: int = 0
    measure: str = ""
    what: str
    engine: str = ""
    role: str = ""
    workers: int = 0
    concurrency: int = 0
    rate: float
    unit: str = "orders/s"
    ratio: float | None = None
    of: str = ""
    at_least: float | None = None
    at_most: float | None = None
    met: bool | None = None
    of_empty: float | None = None
    p50: float = 0.0
    p99: float = 0.0
    note: str = ""
    failed: str = ""

    @property
    def target(self) -> str:
        """The target in words; empty without one."""
        if self.at_least is not None:
            return f"at least {self.at_least:,.10g}"
        return "" if self.at_most is None else f"at most {self.at_most:,.10g}"

    def judge(self) -> None:
        """Set `met`. A row that failed, or has `of` and no ratio, did not reach its target."""
        if not self.target:
            return
        figure = self.rate if self.ratio is None else self.ratio
        missing = bool(self.failed) or (self.ratio is None and bool(self.of))
        low, high = self.at_least, self.at_most
        reached = (low is None or figure >= low) and (high is None or figure <= high)
        self.met = reached and not missing


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
