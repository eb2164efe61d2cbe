"""The processes of one server: one that ends is replaced, and all end in time."""

from __future__ import annotations

import pickle
import signal
import socket
import time
from multiprocessing.connection import wait

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from entrepot import telemetry
from entrepot.cli.choices import url_of
from entrepot.ending import CUT_OFF, longest
from entrepot.telemetry import log

SILENT_SECONDS = 30  # a process that is silent for this long, also while starting, is replaced
LOOK_SECONDS = 0.5  # so often the server looks meanwhile whether it was told something
SPARE_SECONDS = 5.0  # how much longer a process that ends has than it says itself


class Processes(Multiprocess):
    """uvicorn's supervisor of several server processes: a process that ends is replaced.

    `failed` is whether they ended because none could be started, `cut_off` whether one of them did
    not end in time.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.failed = self.cut_off = False
        self._started = False
        self._listening = addresses_of(sockets)
        # Processes that have a successor, and that had not ended when the server was told to end.
        self._replaced: list[Process] = []

    def keep_subprocess_alive(self) -> None:
        """Replace the processes that ended, and log them; log once that all take requests."""
        if self.should_exit.is_set():
            return
        if not self._started and any(one.exitcode is not None for one in self.processes):
            # A fault that stops the first processes at start would stop the next ones too.
            self.failed = True
            self.should_exit.set()
            return
        for index, one in enumerate(self.processes):
            if not self._lives(one):
                self._replace(index, one)
        if not self._started and all(one.is_ready() for one in self.processes):
            self._started = True
            pids = [one.pid for one in self.processes]
            log.info("server.started", listening=self._listening, processes=pids)

    def _replace(self, index: int, one: Process) -> None:
        """Start another process in the place of one that is silent or has ended. One that cannot
        start (the database is away) is replaced as well: it must not end the others.
        """
        one.kill()
        one.join()
        if one.exitcode != STARTUP_FAILURE:
            log.warning("server.process_ended", pid=one.pid, exit_code=one.exitcode)
        if one.pid is not None:
            telemetry.forget_process(one.pid)
        self.processes[index] = Process(self.config, self.sockets)
        self.processes[index].start()

    def terminate_all(self) -> None:
        """Have every process drain. This one's sockets go first, or they would go on queueing."""
        for one in self.sockets:
            one.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait until every process has ended, those as well that were replaced a moment ago."""
        until = time.monotonic() + self._ends_within()
        for one in [*self.processes, *self._replaced]:
            if self._ended_by(until, one) or one.exitcode == CUT_OFF:
                self.cut_off = True

    def restart_all(self) -> None:
        """Replace each process once its successor takes requests. If a successor does not, the
        process stays, and so do those after it. Whoever tells the server to end ends this.
        """
        for index, one in enumerate(self.processes):
            successor = Process(self.config, self.sockets)
            successor.start()
            if not self._takes_requests(successor):
                successor.kill()
                successor.join()
                if not self._told_to_end():
                    log.error("server.not_replaced", pid=one.pid, exit_code=successor.exitcode)
                return
            self.processes[index] = successor
            one.terminate()
            until = time.monotonic() + self._ends_within()
            while one.exitcode is None and time.monotonic() < until and not self._told_to_end():
                one.process.join(LOOK_SECONDS)
            if one.exitcode is None and self._told_to_end():
                self._replaced.append(one)
                return
            self._ended_by(until, one)
            if one.pid is not None:
                telemetry.forget_process(one.pid)

    def _takes_requests(self, one: Process) -> bool:
        until = time.monotonic() + SILENT_SECONDS
        while time.monotonic() < until and one.exitcode is None and not self._told_to_end():
            if one.is_ready(LOOK_SECONDS):
                return True
            wait([one.process.sentinel], LOOK_SECONDS)
        return False

    def _told_to_end(self) -> bool:
        return signal.SIGTERM in self.signal_queue or signal.SIGINT in self.signal_queue

    def _ends_within(self) -> float:
        return longest(self.config.timeout_graceful_shutdown or 0) + SPARE_SECONDS

    def _ended_by(self, until: float, one: Process) -> bool:
        """Wait until a process has ended. Returns whether it had to be killed: a process that is
        stopped, or that stands still, does not see to its end itself.
        """
        one.process.join(max(0.0, until - time.monotonic()))
        if one.exitcode is not None:
            return False
        why = "the process is stopped or stands still; nothing acknowledged is lost"
        log.error("server.cut_off", pid=one.pid, after_seconds=self._ends_within(), why=why)
        one.process.kill()
        one.process.join()
        return True

    def _lives(self, one: Process) -> bool:
        """Whether a process answers in time. Its sentinel tells at once that it has ended; the pipe
        would not, because this process holds the pipe's other end as well. A signal ends the wait.
        """
        if not one.process.is_alive():
            return False
        try:
            one.parent_conn.send(b"ping")
            until = time.monotonic() + SILENT_SECONDS
            while not (there := wait([one.parent_conn, one.process.sentinel], LOOK_SECONDS)):
                if self.signal_queue or time.monotonic() >= until:
                    return bool(self.signal_queue)
            if one.parent_conn not in there:
                return False
            one.parent_conn.recv()
        except (OSError, EOFError, pickle.UnpicklingError):
            return False
        return True


def addresses_of(sockets: list[socket.socket]) -> list[str]:
    """Where these sockets listen, as a URL says it."""
    bound = [one.getsockname()[:2] for one in sockets]
    return [url_of(host, port) for host, port in bound]
