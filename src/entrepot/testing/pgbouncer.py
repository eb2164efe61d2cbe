"""Debian's PgBouncer in transaction mode, before a PostgreSQL server for tests.

The program is the system's own (`apt install pgbouncer`); it is looked for when it is started.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from entrepot.testing.server import eventually, free_port

# As docs/runbook.md says. Beside that, each transaction has the backend that has waited longest,
# which is another one; and backends of databases whose tests have ended are let go soon.
SETTINGS = """
[databases]
* = host=127.0.0.1 port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
server_round_robin = 1
server_idle_timeout = 3
max_client_conn = 1000
default_pool_size = 20
"""


class PgBouncer:
    """PgBouncer on a port of loopback. Raises RuntimeError where it is not installed."""

    def __init__(self, server_port: int, account: str | None) -> None:
        """`account`: the system's account that it runs as; it refuses to run as root."""
        program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if program is None:
            raise RuntimeError("PgBouncer is not installed; run `apt install pgbouncer`")
        self._program, self._account, self._server_port = program, account, server_port
        self.port = free_port()

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="entrepot-pgbouncer-"))
        users, settings = self._folder / "users", self._folder / "pgbouncer.ini"
        users.write_text('"postgres" "postgres"\n')
        settings.write_text(
            SETTINGS.format(server_port=self._server_port, port=self.port, users=users)
        )
        for path in (self._folder, users, settings):
            if self._account is not None:
                shutil.chown(path, self._account)
        with (self._folder / "log").open("w") as log:
            self._running = subprocess.Popen(
                [self._program, str(settings)], stdout=log, stderr=log, user=self._account,
                cwd=self._folder,
            )  # fmt: skip
        eventually(self._answers, "PgBouncer answers")
        return self

    def _answers(self) -> bool | None:
        if self._running.poll() is not None:
            raise RuntimeError((self._folder / "log").read_text())
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return None

    def __exit__(self, *_: object) -> None:
        self._running.terminate()
        self._running.wait()
        shutil.rmtree(self._folder)
