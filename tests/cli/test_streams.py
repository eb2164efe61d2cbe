"""Commands whose standard streams are closed, full or not read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.test_faults import ENTREPOT

from entrepot.testing.command_line import run

COMMANDS = (("org", "list"), ("demo", "--json"), ("verify",), ("--help",), ("migrate",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a book."""
    made = tmp_path_factory.mktemp("streams")
    assert run(made, "demo").code == 0
    return made


def _closing(*numbers: int) -> Callable[[], None]:
    def close() -> None:
        for number in numbers:
            os.close(number)

    return close


@pytest.mark.parametrize("closed", [(1,), (1, 2), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_closed_streams_are_as_dev_null(
    folder: Path, words: tuple[str, ...], closed: tuple[int, ...]
) -> None:
    before = _whole(folder)
    ended = subprocess.run(
        [ENTREPOT, *words], check=False, cwd=folder, env={"PATH": "/usr/bin:/bin"}, timeout=60,
        stderr=subprocess.PIPE, text=True, preexec_fn=_closing(*closed),
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert _whole(folder) == before, "nothing was printed into a file"


def _whole(folder: Path) -> set[str]:
    assert run(folder, "verify").code == 0
    return {one.name for one in folder.rglob("*") if not one.name.endswith(("-wal", "-shm"))}


@pytest.fixture
def full() -> Iterator[int]:
    """A device on which there is never any room."""
    device = os.open("/dev/full", os.O_WRONLY)
    yield device
    os.close(device)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_room_for_what_is_printed_is_one_sentence(
    folder: Path, full: int, words: tuple[str, ...]
) -> None:
    ended = subprocess.run(
        [ENTREPOT, *words], check=False, cwd=folder, env={"PATH": "/usr/bin:/bin"}, timeout=60,
        stdout=full, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert "No space left on device; make room" in ended.stderr


def test_a_fault_that_cannot_be_told_ends_with_2(folder: Path, full: int) -> None:
    for stderr in (full, subprocess.DEVNULL):
        ended = subprocess.run(
            [ENTREPOT, "bogus"], check=False, cwd=folder, env={"PATH": "/usr/bin:/bin"},
            timeout=60, stdout=subprocess.DEVNULL, stderr=stderr,
        )  # fmt: skip
        assert ended.returncode == 2
