"""Files of tests run side by side, in processes forked from the one that has collected the tests.

Collecting the tests takes most of ten seconds of a processor. Processes that start by themselves
collect once each; forked ones have what was collected already. `--side-by-side 4` forks four. Each
of them takes the next file, runs its tests, and sends what became of them; one process prints.
A process that ends too early, and a test that nobody told of, fail the whole run.
"""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from _pytest import junitxml

_END_SECONDS = 60.0
# One process alone prints, and writes the files that a run may leave.
_OF_ONE = ("terminalreporter", "_side_by_side")

_Files = Sequence[Sequence[pytest.Item]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--side-by-side N`."""
    told = "run files of tests in N processes, forked from the one that has collected the tests"
    parser.addoption("--side-by-side", type=int, default=1, metavar="N", help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Run the tests side by side where the option says so."""
    if config.getoption("side_by_side") > 1 and not config.getoption("usepdb"):
        config.pluginmanager.register(_SideBySide(config), "_side_by_side")


class _Worker(NamedTuple):
    """A forked process, from the side of the one that forked."""

    process: BaseProcess
    line: Connection


class _SideBySide:
    """Gives files to the forked processes, and passes on what they tell."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._workers: dict[Connection, _Worker] = {}
        self._running: dict[Connection, str] = {}
        self._told = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run all tests; None leaves the loop to pytest, which then has no test to run."""
        if session.testsfailed or self._config.option.collectonly or not session.items:
            return None
        if printer := self._config.pluginmanager.get_plugin("terminalreporter"):
            printer.showfspath = False  # files take turns in the output
        files = [list(tests) for _, tests in groupby(session.items, lambda item: item.path)]
        try:
            self._fork(files)
            self._hear(session, iter(range(len(files))))
        finally:
            self._end()
        assert self._told == len(session.items), f"{self._told} of {len(session.items)} tests ended"
        return True

    def _fork(self, files: _Files) -> None:
        above = self._config._tmp_path_factory.getbasetemp()
        forking = multiprocessing.get_context("fork")
        for number in range(min(self._config.getoption("side_by_side"), len(files))):
            here, there = forking.Pipe()
            others = [here, *self._workers]
            what = (files, there, others, above / f"process-{number}")
            process = forking.Process(target=_work, args=what)
            process.start()
            there.close()
            self._workers[here] = _Worker(process, here)

    def _hear(self, session: pytest.Session, numbers: Iterator[int]) -> None:
        hearing = dict(self._workers)
        while hearing:
            for line in wait(list(hearing)):
                assert isinstance(line, Connection)
                try:
                    kind, told = line.recv()
                except EOFError:
                    at = self._running.get(line, "no test")
                    raise RuntimeError(f"a process of the tests has ended in {at}") from None
                if kind == "ended":
                    del hearing[line]
                elif kind == "next":
                    line.send(next(numbers, None))
                else:
                    self._pass_on(line, kind, told)
                if session.shouldfail:
                    raise session.Failed(session.shouldfail)
                if session.shouldstop:
                    raise session.Interrupted(session.shouldstop)

    def _pass_on(self, line: Connection, kind: str, told: Any) -> None:
        hook = self._config.hook
        if kind == "start":
            self._running[line] = told["nodeid"]
            hook.pytest_runtest_logstart(**told)
        elif kind == "finish":
            reports, finished = told
            for data in reports:
                report = hook.pytest_report_from_serializable(config=self._config, data=data)
                hook.pytest_runtest_logreport(report=report)
            hook.pytest_runtest_logfinish(**finished)
            self._told += 1
        elif kind == "warning":
            hook.pytest_warning_recorded.call_historic(kwargs=told)
        else:
            raise RuntimeError(f"a process of the tests failed:\n{told}")

    def _end(self) -> None:
        """Have the processes end. One that still runs tests cannot tell of them any more, and
        undoes what these have set up.
        """
        for worker in self._workers.values():
            worker.line.close()
        for worker in self._workers.values():
            worker.process.join(_END_SECONDS)
            if worker.process.exitcode is None:
                worker.process.kill()


class _Telling:
    """The plugin that a forked process has in place of a printer."""

    def __init__(self, config: pytest.Config, line: Connection) -> None:
        self._config = config
        self._line = line
        self._reports: list[dict[str, Any]] = []

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        """Tell that a test begins."""
        self._line.send(("start", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what became of a part of a test until the test has ended."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.append(data)

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        """Tell that a test has ended, and what became of it."""
        self._line.send(("finish", (self._reports, {"nodeid": nodeid, "location": location})))
        self._reports = []

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: Any
    ) -> None:
        """Tell of a warning, without the object that it is about."""
        warning_message.source = None
        told = {"when": when, "nodeid": nodeid, "location": location}
        self._line.send(("warning", {"warning_message": warning_message, **told}))


def _work(files: _Files, line: Connection, others: Sequence[Connection], folder: Path) -> None:
    """Run files until there is none left: what a forked process does."""
    for other in others:
        other.close()
    session = files[0][0].session
    config = session.config
    _set_apart(config, folder)
    config.pluginmanager.register(_Telling(config, line))
    try:
        try:
            _run(session, _asked_for(files, line))
        finally:
            config.hook.pytest_sessionfinish(session=session, exitstatus=pytest.ExitCode.OK)
            config._ensure_unconfigure()
    except BaseException as error:
        told = str(pytest.ExceptionInfo.from_exception(error).getrepr())
        with suppress(OSError):  # nobody hears it where the whole run is interrupted
            line.send(("failed", told))
        sys.exit(1)
    line.send(("ended", None))


def _set_apart(config: pytest.Config, folder: Path) -> None:
    """The process has a folder, and files for captured output, of its own. It prints nothing."""
    config.workerinput = {}  # type: ignore[attr-defined] # other plugins write no files then
    for name in _OF_ONE:
        config.pluginmanager.unregister(name=name)
    junitxml.pytest_unconfigure(config)
    config.option.basetemp = str(folder)
    config._tmp_path_factory = pytest.TempPathFactory.from_config(config, _ispytest=True)
    capturing: Any = config.pluginmanager.get_plugin("capturemanager")
    if capturing.is_capturing():
        capturing.stop_global_capturing()
        capturing.start_global_capturing()


def _asked_for(files: _Files, line: Connection) -> Iterator[pytest.Item]:
    """The tests of the files that this process is given."""
    while True:
        line.send(("next", None))
        number = line.recv()
        if number is None:
            return
        yield from files[number]


def _run(session: pytest.Session, tests: Iterator[pytest.Item]) -> None:
    """Run tests, each of which is told the next one: what they share is kept between them."""
    test = next(tests, None)
    while test is not None:
        following = next(tests, None)
        session.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
        test = following
