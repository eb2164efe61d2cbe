"""Real `entrepot` processes for tests: started, killed and restarted on one database."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

import asyncpg
import pysqlite3
from sqlalchemy import func, select

from entrepot.store import schema
from entrepot.testing.command_line import run_in
from entrepot.testing.forking import Forked

ENTREPOT = str(Path(sys.executable).with_name("entrepot"))
START_SECONDS = 60.0
STOP_SECONDS = 60.0
_PORTS = (12_000, 32_000)

T = TypeVar("T")
_never = threading.Event()


def sqlite_url(folder: Path) -> str:
    """The URL of a SQLite file in the folder; the first command that needs the file makes it."""
    return f"sqlite:///{folder / 'entrepot.db'}"


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now.

    The port lies below the ports that the system gives to outgoing connections, so no connection
    takes it before the server does. The port is drawn at random, because several test processes
    draw ports.
    """
    while True:
        port = random.randrange(*_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


# Settings of a server on a busy machine: a request may wait there for longer than by default.
PATIENT = {"ENTREPOT_QUEUE_SECONDS": "60"}


def eventually(probe: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """Asks `probe` until it answers something true, and gives that; fails when time is up."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        _never.wait(pause)
        pause = min(2 * pause, 0.05)


class Server:
    """An `entrepot serve` process on a database of the caller's, with the demo organization.

    As a context it starts the process, and kills the process in the end. `folder` takes the log and
    the sandbox's ledger. `credentials` is what `entrepot demo --json` printed; a worker has none.
    The port stays the same when the server starts again. `env` adds settings (`ENTREPOT_*`); the
    settings of the calling process do not count. `program` is the `entrepot` of another
    installation, whose commands run in processes of their own.

    Where `forked` is set, the process is forked from one that has loaded the program (`forking`).
    Several workers are started as the program.
    """

    forked: ClassVar[bool] = False

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        role: str = "all",
        workers: int = 1,
        env: dict[str, str] | None = None,
        program: str = ENTREPOT,
    ) -> None:
        self.folder = folder
        self.program = program
        self.role = role
        self.workers = workers
        self.database_url = database_url
        self.ledger = folder / "sandbox.db"
        self.log = folder / f"{role}.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | Forked | None = None
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ENTREPOT_")}
        self.env = inherited | {
            "ENTREPOT_DATABASE_URL": database_url,
            "ENTREPOT_SANDBOX_LEDGER": str(self.ledger),
            **(env or {}),
        }
        self.credentials: dict[str, Any] = {}

    def __enter__(self) -> Self:
        if self.role != "worker":
            self.credentials = json.loads(self.command("demo", "--json"))
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            sys.stderr.write(f"\n--- {self.log.name}\n{self.output()[-8000:]}\n")
        if self.process is not None:
            self.kill()

    def command(self, *arguments: str) -> str:
        """The output of `entrepot` with these arguments on the same database; exit 0 required.

        The command runs in this process, as `command_line.run_in` tells.
        """
        if self.program != ENTREPOT:
            command = [self.program, *arguments]
            return subprocess.run(
                command,
                check=True,
                env=self.env,
                cwd=self.folder,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout
        ended = run_in(self.folder, self.env, *arguments)
        told = f"entrepot {' '.join(arguments)}: {ended.code}\n{ended.out}{ended.err}"
        assert ended.code == 0, told
        return ended.out

    def start(self) -> None:
        """Starts the process and returns when /health/ready answers 200 (a worker: at once)."""
        self.launch()
        if self.role != "worker":
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Returns when /health/ready answers 200."""
        eventually(self.ready, "the server is ready", START_SECONDS)

    def launch(self, *more: str) -> None:
        """Starts the process, with more arguments, and returns at once."""
        assert self.process is None
        address = ["--host", "127.0.0.1", "--port", str(self.port)]
        workers = ["--workers", str(self.workers)] if self.workers > 1 else []
        arguments = ["serve", *address, *workers, "--role", self.role, *more]
        if self._may_fork():
            self.process = Forked(arguments, self.env, self.folder, self.log)
            return
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, *arguments],
                env=self.env,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=self.workers > 1,
            )

    def _may_fork(self) -> bool:
        own = self.program == ENTREPOT and self.workers == 1
        return self.forked and own

    def ready(self) -> bool:
        """Whether /health/ready answers 200 now; fails at once when the process has ended."""
        assert self.process is not None
        ended = self.process.poll()
        assert ended is None, f"the server ended with {ended}:\n{self.output()[-8000:]}"
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as client:
            try:
                client.request("GET", "/health/ready")
                return client.getresponse().status == 200
            except (OSError, HTTPException):
                return False

    def kill(self) -> None:
        """SIGKILL: the process, and its workers, get no chance to finish anything."""
        assert self.process is not None
        if self.workers > 1:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        self.process = None
        # The other processes are not ours to wait for; the address is free once they have ended.
        eventually(self.is_silent, "nobody listens any more")

    def is_silent(self) -> bool:
        """Whether nobody listens at the server's address."""
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == errno.ECONNREFUSED

    def terminate(self) -> int:
        """SIGTERM, and the exit code of the drained process."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(STOP_SECONDS)
        self.process = None
        return code

    def restart(self) -> None:
        """SIGKILL, then a new process on the same database and port."""
        if self.process is not None:
            self.kill()
        self.start()

    def verify(self) -> None:
        """`entrepot verify`: every invariant holds, else this fails with the witnesses."""
        self.command("verify", "--json")

    def events(self, kind: str) -> int:
        """How many events of one type the order book holds, read from its table."""
        counted = select(func.count()).where(schema.events.c.type == kind)
        return self.number(str(counted.compile(compile_kwargs={"literal_binds": True})))

    def number(self, statement: str) -> int:
        """The one number that a statement reads from the order book."""
        if self.database_url.startswith("sqlite"):
            path = self.database_url.removeprefix("sqlite:///")
            with closing(pysqlite3.connect(f"file:{path}?mode=ro", uri=True)) as book:
                return int(book.execute(statement).fetchone()[0])

        async def read() -> int:
            book = await asyncpg.connect(self.database_url)
            try:
                return int(await book.fetchval(statement))
            finally:
                await book.close()

        return asyncio.run(read())

    def output(self) -> str:
        """All that the server's processes have logged so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def told(self, event: str) -> list[dict[str, Any]]:
        """Lines about one event that the server's processes have logged so far."""
        # A line is whole once its end is there.
        whole = self.output().rpartition("\n")[0].splitlines()
        lines = [json.loads(line) for line in whole if line.startswith("{")]
        return [line for line in lines if line["event"] == event]


@contextmanager
def beside(first: Server) -> Iterator[Server]:
    """Another `entrepot serve` on the same order book and with the same payment service."""
    folder = first.folder / "beside"
    folder.mkdir()
    second = Server(first.database_url, folder, env=first.env)
    second.ledger, second.env = first.ledger, first.env
    second.credentials = first.credentials
    second.start()
    try:
        yield second
    except BaseException:
        sys.stderr.write(f"\n--- the one beside\n{second.output()[-8000:]}\n")
        raise
    finally:
        if second.process is not None:
            second.kill()
