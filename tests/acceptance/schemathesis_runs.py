"""Schemathesis in a process of its own, which runs for one document after another.

Loading it takes more than a second of a processor, and so does what it finds out once: tables of
characters, patterns, shapes that several documents have.
"""

from __future__ import annotations

import io
import os
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from multiprocessing import get_context
from pathlib import Path

# Hypothesis keeps its tables of characters there: each takes two seconds to make.
_KEPT = Path(__file__).parents[2] / ".hypothesis"


class Schemathesis:
    """The process, as long as it runs."""

    def __init__(self, process: ProcessPoolExecutor) -> None:
        self._process = process

    def run(self, folder: Path, *arguments: str) -> str:
        """Run `schemathesis` with these arguments in a folder. Gives what it printed."""
        return self._process.submit(_run, str(folder), arguments).result()


@contextmanager
def schemathesis() -> Iterator[Schemathesis]:
    """The process, which ends with the context."""
    # Nothing of the tests' process is in it: it begins anew, as the program does.
    how = {"mp_context": get_context("spawn"), "initializer": _begin, "initargs": (str(_KEPT),)}
    with ProcessPoolExecutor(1, **how) as process:  # type: ignore[call-overload]
        yield Schemathesis(process)


def _begin(kept: str) -> None:
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = kept


def _run(folder: str, arguments: Sequence[str]) -> str:
    from schemathesis.cli import schemathesis as program  # noqa: PLC0415 - in its process alone

    os.chdir(folder)
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            program(list(arguments), prog_name="schemathesis")
        except SystemExit:
            pass  # the report says what was found
        except BaseException:
            traceback.print_exc()
    return printed.getvalue()
