"""A server whose files or database fail under it: 503 and its words, nothing lost, well again."""

from __future__ import annotations

import json
import resource
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from pysqlite3.dbapi2 import connect

from entrepot.store.engines.mark import Mark
from entrepot.testing.clients import World, accepted, konvo_order, speaking
from entrepot.testing.command_line import Ended, run_in
from entrepot.testing.postgres import Postgres
from entrepot.testing.server import ENTREPOT, Server, eventually, free_port

ORDERS = 12


@pytest.fixture
def book(fresh_database: Callable[[str], str], tmp_path: Path) -> Iterator[Server]:
    with Server(fresh_database("sqlite"), tmp_path) as server:
        yield server


def path_of(server: Server) -> Path:
    return Path(server.database_url.removeprefix("sqlite:///"))


def beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def told(server: Server, *arguments: str) -> Ended:
    """A command on the server's book, whatever comes of it."""
    return run_in(server.folder, server.env, *arguments)


def told_outside(server: Server, *arguments: str) -> Ended:
    """The same in a process of its own: a server that is wrongly let in never comes back."""
    ended = subprocess.run(
        [ENTREPOT, *arguments],
        check=False, env=server.env, cwd=server.folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def refused_to_serve(server: Server) -> str:
    """The one sentence with which `serve` ends."""
    ended = told_outside(server, "serve", "--port", str(free_port()))
    assert ended.code == 2, ended.err
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1, ended.err
    assert ended.err.startswith("entrepot: ")
    return ended.err


def marked(path: Path) -> int:
    """The commits that the mark beside a book counts."""
    mark = Mark(path)
    found = mark.read()
    mark.close()
    assert found is not None
    return found.commits


def placed(world: World, count: int) -> list[str]:
    return [accepted(world.synq.create(world.synq_order()))["order_id"] for _ in range(count)]


def all_there(world: World, orders: list[str]) -> None:
    for order in orders:
        world.synq.order(order)


def writes(world: World) -> dict[str, httpx.Response]:
    return {
        "synq": world.synq.create(world.synq_order()),
        "polinate": world.polinate.post(world.polinate_order()),
        "konvo": world.konvo.post(konvo_order()),
    }


def assert_unavailable(world: World) -> None:
    """Every dialect says so, in its own envelope."""
    for dialect, answer in writes(world).items():
        assert answer.status_code == 503, (dialect, answer.text)
        assert int(answer.headers["Retry-After"]) >= 1
        body = answer.json()
        if dialect == "synq":
            assert set(body) == {"error"}
        elif dialect == "polinate":
            assert "UNAVAILABLE" in answer.text
        else:
            assert "result" not in body


def readiness(server: Server) -> tuple[int, Any]:
    answer = httpx.get(f"{server.url}/health/ready", timeout=30)
    return answer.status_code, answer.json().get("database")


def counted(world: World) -> int:
    return len(list(world.synq.orders()))


def test_a_deleted_log_is_told_by_verify_and_refused_until_it_is_accepted(book: Server) -> None:
    path = path_of(book)
    before = marked(path)
    with speaking(book) as world:
        orders = placed(world, ORDERS)
    # The mark beside the book lacks the commits of the last moment; a kill would keep them from it.
    eventually(lambda: marked(path) > before, "the mark counts commits since the start")
    book.kill()
    beside(path, "-wal").unlink()

    ended = told(book, "verify", "--json")
    assert ended.code == 1
    [found] = [one for one in json.loads(ended.out)["violations"] if one["invariant"] == "LOG"]
    assert found["witnesses"][0]["missing_commits"] > 0
    sentence = refused_to_serve(book)
    assert found["witnesses"][0]["fault"] in sentence
    assert "--accept-loss" in sentence
    assert told(book, "org", "create", "Another").code == 2
    assert told_outside(book, "serve", "--demo", "--port", "0").code == 2

    book.launch("--accept-loss")
    eventually(book.ready, "the server is ready")
    assert book.told("book.loss_accepted")[0]["missing_commits"] > 0
    with speaking(book) as world:
        assert {world.synq.get(f"/api/v1/oms/orders/{one}").status_code for one in orders} == {404}
        placed(world, 1)
    book.restart()
    book.verify()


def test_a_kill_and_a_complete_backup_are_no_loss(book: Server, tmp_path: Path) -> None:
    with speaking(book) as world:
        orders = placed(world, ORDERS)
        copy = tmp_path / "copy.db"
        with closing(connect(str(path_of(book)))) as kept, closing(connect(str(copy))) as made:
            kept.backup(made)
        book.verify()
        book.restart()
        book.verify()
        all_there(world, orders)
    book.kill()
    restored = Server(f"sqlite:///{copy}", tmp_path, env=book.env)
    restored.env = {**book.env, "ENTREPOT_DATABASE_URL": restored.database_url}
    restored.credentials = book.credentials
    restored.start()
    try:
        with speaking(restored) as world:
            all_there(world, orders)
    finally:
        restored.kill()


def test_a_copy_of_the_book_alone_is_told_by_verify(book: Server, tmp_path: Path) -> None:
    with speaking(book) as world:
        placed(world, ORDERS)
    copy = tmp_path / "copy.db"
    copy.write_bytes(path_of(book).read_bytes())
    book.env = {**book.env, "ENTREPOT_DATABASE_URL": f"sqlite:///{copy}"}
    ended = told(book, "verify", "--json")
    assert ended.code == 1, ended.out
    assert "LOG" in {one["invariant"] for one in json.loads(ended.out)["violations"]}


def test_a_log_removed_under_the_server_stops_writes_and_loses_nothing(book: Server) -> None:
    with speaking(book) as world:
        orders = placed(world, ORDERS)
        before = counted(world)
        beside(path_of(book), "-wal").unlink()
        ended = told(book, "verify", "--json")
        assert (ended.code, ended.err) == (1, "")
        assert "removed under the server" in ended.out
        # The files are looked at 20 ms after the last look: the first writes may still pass.
        writes(world)
        eventually(lambda: readiness(book) == (503, "log lost"), "the server misses its log")
        assert_unavailable(world)
        all_there(world, orders)
        assert len(book.told("database.unavailable")) == 1
        book.restart()
        all_there(world, orders)
        # Whether a write that was told 503 is in the book, was not known.
        assert before <= counted(world) <= before + 6
        placed(world, 1)
    book.verify()


def test_the_second_server_on_a_book_is_refused_and_commands_are_not(book: Server) -> None:
    sentence = refused_to_serve(book)
    assert book.process is not None
    assert f"(process {book.process.pid})" in sentence
    for command in (["verify"], ["org", "list"], ["org", "create", "Beside"]):
        assert told(book, *command).code == 0, command
    assert readiness(book) == (200, "sqlite")
    book.restart()  # kill -9 frees the book
    assert book.terminate() == 0
    book.start()


def test_a_disk_that_takes_nothing_more_is_told_and_gone_on_with(book: Server) -> None:
    with speaking(book) as world:
        orders = placed(world, ORDERS)
        before = counted(world)
        assert book.process is not None
        pid, size = book.process.pid, path_of(book).stat().st_size
        limit = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size // 4, limit[1]))
        for _ in range(5):
            assert_unavailable(world)
        assert readiness(book) == (503, "not writable")
        assert counted(world) == before, "nothing was stored"
        all_there(world, orders)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
        eventually(lambda: readiness(book) == (200, "sqlite"), "the server is well by itself")
        assert len(book.told("database.unavailable")) == 1, "once, not with every request"
        assert book.told("database.unavailable")[0]["why"] == "disk I/O error"
        assert len(book.told("database.back")) == 1
        assert not book.told("writer.failed")
        assert not book.told("request.failed")
        for answer in writes(world).values():
            assert answer.status_code in (200, 201), answer.text
    book.verify()


def test_the_files_are_the_owner_s_alone(tmp_path: Path) -> None:
    environment = Server("sqlite:///var/entrepot.db", tmp_path).env
    del environment["ENTREPOT_SANDBOX_LEDGER"]
    with Server("sqlite:///var/entrepot.db", tmp_path, env=environment) as server:
        server.kill()
        del server.env["ENTREPOT_SANDBOX_LEDGER"]
        server.start()
        with speaking(server) as world:
            world.synq_created()
        folder = tmp_path / "var"
        found = {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}
    assert set(found.values()) == {0o600}, found
    assert {"entrepot.db", "entrepot.db-wal", "entrepot.db-mark", "sandbox.db"} <= set(found)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    server = Postgres(durable=False)
    server.start()
    yield server
    server.stop()


def test_a_postgres_that_dies_is_told_once_and_gone_on_with(
    own_postgres: Postgres, tmp_path: Path
) -> None:
    with Server(own_postgres.create(), tmp_path) as server, speaking(server) as world:
        orders = placed(world, ORDERS)
        own_postgres.crash()
        for _ in range(10):
            assert_unavailable(world)
        assert readiness(server)[0] == 503
        eventually(
            lambda: (
                {one["doing"] for one in server.told("database.unavailable")}
                == {"reading", "writing"}
            ),
            "the pipeline has looked too",
        )
        own_postgres.start_again()
        eventually(lambda: readiness(server) == (200, "postgresql"), "the server is well by itself")
        all_there(world, orders)
        placed(world, 3)
        down, up = server.told("database.unavailable"), server.told("database.back")
        assert {one["doing"] for one in up} == {"reading", "writing"}
        assert len(down) < 20
        assert all("\n" not in one["why"] for one in down)
        assert len(server.told("pipeline.claim_failed")) <= 1
        assert not server.told("writer.failed")
        assert not server.told("request.failed")
    # Killed by now; the book holds.
    server.verify()
