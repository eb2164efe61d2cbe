"""What `entrepot serve` says when it cannot start."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from entrepot.cli.errors import OperatorError
from entrepot.cli.serve import bind
from entrepot.testing.server import ENTREPOT, Server


def test_a_taken_port_is_one_sentence_before_anything_else(tmp_path: Path) -> None:
    book = tmp_path / "book.db"
    environment = Server(f"sqlite:///{book}", tmp_path).env
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [ENTREPOT, "serve", "--port", port, "--demo"],
            check=False,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"entrepot: cannot listen on 127.0.0.1:{port}: ")
    assert "--port" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not book.exists(), "nothing was made"


@pytest.mark.parametrize("host", ["", " "])
def test_no_address_is_not_every_address(host: str) -> None:
    with pytest.raises(OperatorError, match="--host is empty"):
        bind(host, 0)


@pytest.mark.parametrize("more", [[], ["--workers", "2"], ["--demo"]], ids=" ".join)
def test_a_book_that_is_not_there_is_one_sentence(tmp_path: Path, more: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    environment = Server(f"postgresql://me:secret@127.0.0.1:{port}/book", tmp_path).env
    ended = subprocess.run(
        [ENTREPOT, "serve", "--port", "0", *more],
        check=False, env=environment, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.startswith("entrepot: the database cannot be reached: Connection refused; ")
    assert ended.stderr.count("\n") == 1
