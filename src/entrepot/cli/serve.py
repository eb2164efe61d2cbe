"""`entrepot serve`: the server, alone or as several processes."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any, Literal

import uvicorn

from entrepot import settings, telemetry
from entrepot.cli import demo as demo_command
from entrepot.cli.choices import port_of, url_of, whole, words
from entrepot.cli.processes import SILENT_SECONDS, Processes, addresses_of
from entrepot.cli.session import OperatorError, on_book, require_book
from entrepot.serving import server_config
from entrepot.settings import Settings
from entrepot.store.engine import Database
from entrepot.store.engines.opening import parsed_url
from entrepot.store.engines.outage import Unavailable
from entrepot.store.engines.sole_server import sole_server
from entrepot.store.keeping import migrate
from entrepot.telemetry import log

_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


_Role = Annotated[Literal["all", "api", "worker"], words("all", "api", "worker")]


class Server(uvicorn.Server):
    """uvicorn's server, which drains on SIGTERM and SIGINT and then ends with exit code 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals for as long as the server runs; do not raise them again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and log where requests are taken from now on."""
        await super().startup(sockets)
        if not self.started:
            return
        bound = [one for server in self.servers for one in server.sockets]
        log.info("server.started", listening=addresses_of(bound))


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets on every address of the host, bound but not listening yet: nobody is let in early.

    Port 0 picks a free one. Raises OperatorError when the address cannot be had.
    """
    if not host.strip():
        # The system takes an empty name for every address of the machine.
        raise OperatorError(
            "--host is empty; give the address, or 0.0.0.0 (IPv4) or :: (IPv6) for every one"
        )
    taken: list[socket.socket] = []
    failure: OSError | None = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise _cannot_listen(host, port, error) from error
    for family, kind, protocol, _, address in dict.fromkeys(found):
        chosen = port or (taken[0].getsockname()[1] if taken else 0)
        try:
            taken.append(_bound(family, kind, protocol, (address[0], chosen, *address[2:])))
        except OSError as error:
            # A name may have an address of a family that this machine does not speak.
            if not taken or error.errno not in _NO_SUCH_ADDRESS:
                failure = failure or error
    if failure is not None and (not taken or failure.errno not in _NO_SUCH_ADDRESS):
        for one in taken:
            one.close()
        raise _cannot_listen(host, port, failure) from failure
    return taken


def _bound(family: int, kind: int, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    one = socket.socket(family, kind, protocol)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        one.set_inheritable(True)
    except OSError:
        one.close()
        raise
    return one


def _cannot_listen(host: str, port: int, error: OSError | UnicodeError) -> OperatorError:
    number, why = getattr(error, "errno", None), getattr(error, "strerror", None)
    fault = f"cannot listen on {host}:{port}: "
    if number == errno.EADDRINUSE:
        return OperatorError(
            f"{fault}another program listens there; stop that program, or choose another --port"
        )
    if number == errno.EACCES:
        return OperatorError(f"{fault}{why}; choose a --port from 1024 on, which needs no rights")
    if isinstance(error, UnicodeError):
        why = "this cannot be the name of a host"
    return OperatorError(f"{fault}{why or error}; give --host a name or an address of this machine")


def serve(
    *,
    host: str = "127.0.0.1",
    port: Annotated[int, whole] = 8080,
    workers: Annotated[int, whole] = 1,
    role: _Role | None = None,
    demo: bool = False,
    accept_loss: bool = False,
) -> None:
    """Serve the three dialects and the native API, and run the pipeline, until SIGTERM.

    Parameters
    ----------
    host
        Address to listen on.
    port
        Port to listen on; 0 picks a free one.
    workers
        Processes; more than one needs PostgreSQL.
    role
        `api` answers requests, `worker` runs the pipeline, `all` does both; as
        ENTREPOT_ROLE says when absent.
    demo
        Make the demo organization first and print how to place a first order.
    accept_loss
        Start with a book whose log is missing or torn, or that is older than before. What is
        lost stays lost.
    """
    if role is not None:
        os.environ[settings.PREFIX + "ROLE"] = role
    chosen = settings.load()
    port_of(port, least=0)
    if workers < 1:
        raise OperatorError(f"--workers {workers} is too few; choose 1 or more")
    if workers > 1 and parsed_url(chosen.database_url).get_backend_name() == "sqlite":
        raise OperatorError("SQLite allows one server process; use --workers 1, or use PostgreSQL")
    if not chosen.migrate:
        require_book(chosen.database_url)
    sockets = bind(host, port)
    port = sockets[0].getsockname()[1]
    with _closing(sockets), sole_server(chosen.database_url):
        if accept_loss:
            on_book(lambda book: book.accept_loss(), up_to_date=False, serving=True)
        on_book(_take_up, up_to_date=chosen.migrate, serving=True)
        if demo:
            told = on_book(demo_command.ensure, serving=True)
            print(demo_command.first_steps(told, url_of(host, port)), flush=True)
        telemetry.set_up_logging(chosen.log_level)
        log.info("payments.without_account", **_without_account(chosen))
        if workers > 1:
            _serve_many(host, port, workers, chosen, sockets)
        else:
            _serve_alone(host, port, chosen, sockets)


def _without_account(chosen: Settings) -> dict[str, str]:
    """Who answers for a provider at which an organization has no account, for the log."""
    if chosen.sandbox:
        return {"answers": "the sandbox, with play money", "setting": "ENTREPOT_SANDBOX=on"}
    return {"answers": "nobody: such an order is refused", "setting": "ENTREPOT_SANDBOX=off"}


@contextmanager
def _closing(sockets: list[socket.socket]) -> Iterator[None]:
    try:
        yield
    finally:
        for one in sockets:
            one.close()


async def _take_up(book: Database) -> None:
    """Try to write to the book, so that a fault is one sentence now and no traceback later.

    A full disk is only logged: it may have room again, and the book can be read meanwhile.
    """
    found = await migrate.revision(book)
    if found is None or migrate.is_newer(found):
        raise OperatorError(str(migrate.why_not_at_head(found)))
    if found != migrate.head():
        return  # the readiness page tells
    await book.see_to_durability()
    try:
        await book.prove_writing()
    except Unavailable as error:
        if not error.passing:
            raise
        log.error("database.unavailable", doing="writing", why=str(error))


@contextmanager
def _metrics_told(address: str) -> Iterator[None]:
    """Serve the metrics at a separate address, if the settings have one."""
    if not address:
        yield
        return
    host, _, port = address.rpartition(":")
    try:
        end = telemetry.serve_exposition(host.strip("[]"), int(port))
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "this is not an address"
        raise OperatorError(
            f"cannot serve the metrics on {address}: {why}; give "
            f"{settings.PREFIX}METRICS_ADDRESS an address of this machine and a free port"
        ) from error
    try:
        yield
    finally:
        end()


def _serve_alone(host: str, port: int, chosen: Settings, sockets: list[socket.socket]) -> None:
    server = Server(server_config(host, port, chosen))
    try:
        with _metrics_told(chosen.metrics_address):
            server.run(sockets)
    except OSError as error:
        # Somebody who began at the same moment listens already.
        raise _cannot_listen(host, port, error) from error
    if not server.started:
        raise SystemExit(1)


def _serve_many(
    host: str, port: int, workers: int, chosen: Settings, sockets: list[socket.socket]
) -> None:
    telemetry.set_up_logging(chosen.log_level)
    with ExitStack() as stack:
        # The processes of one server keep their common counts in the files of this folder.
        shared = stack.enter_context(tempfile.TemporaryDirectory(prefix="entrepot-"))
        os.environ[telemetry.SHARED_FOLDER] = shared
        config = server_config(
            host, port, chosen, shared,
            workers=workers, timeout_worker_healthcheck=SILENT_SECONDS,
        )  # fmt: skip
        stack.enter_context(_metrics_told(chosen.metrics_address))
        processes = Processes(config, sockets)
        processes.run()
    if processes.failed or processes.cut_off:
        raise SystemExit(1)
