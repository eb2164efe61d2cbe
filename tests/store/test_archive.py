"""The archive's files: plain gzip, one a day and process, never written to behind a fault."""

from __future__ import annotations

import gzip
import json
import os
import secrets
from pathlib import Path
from typing import Any

import pytest

from entrepot.core.order import Event
from entrepot.store.keeping.archive import EventArchive

DAY = 86_400_000_000
BODY = '{"facets":["placed","none","unassigned","none"],"total":"12.3400000000000000001"}'


def an_event(seq: int, body: str = BODY) -> Event:
    actor = "operator:retry"
    return Event(1, b"\x01" * 16, seq, "order.moved", 5, "synq", body, "order", actor, 40 + seq)


def read(path: Path) -> list[dict[str, Any]]:
    """What `zcat` shows."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_appends_of_a_day_are_one_file_that_gzip_reads(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    archive = EventArchive(folder)
    archive.append([an_event(1), an_event(2)], at=0)
    archive.append([an_event(3)], at=DAY - 1)
    [path] = folder.iterdir()
    assert path.name.startswith("events-1970-01-01-")
    assert [one["seq"] for one in read(path)] == [1, 2, 3]
    assert read(path)[0] == {
        "org": 1, "number": 41, "subject": "order",
        "order_id": "01010101-0101-0101-0101-010101010101", "seq": 1, "type": "order.moved",
        "at": 5, "source": "synq", "actor": "operator:retry", "body": json.loads(BODY),
    }  # fmt: skip
    archive.append([an_event(4)], at=DAY)
    assert len(list(folder.iterdir())) == 2


def test_a_body_keeps_its_text(tmp_path: Path) -> None:
    archive = EventArchive(tmp_path)
    archive.append([an_event(1), an_event(2, "{"), an_event(3, '{\n"a":1}')], at=0)
    [path] = tmp_path.iterdir()
    with gzip.open(path, "rt") as file:
        first = file.readline()
    assert BODY in first
    assert [one["body"] for one in read(path)][1:] == ["{", '{\n"a":1}']


def test_two_processes_never_share_a_file(tmp_path: Path) -> None:
    for _ in range(2):
        EventArchive(tmp_path).append([an_event(1)], at=0)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_name_that_is_taken_is_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda _: "00")
    EventArchive(tmp_path).append([an_event(1)], at=0)
    with pytest.raises(FileExistsError):
        EventArchive(tmp_path).append([an_event(2)], at=0)
    [path] = tmp_path.iterdir()
    assert [one["seq"] for one in read(path)] == [1]


def test_nothing_is_written_behind_a_torn_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = EventArchive(tmp_path)
    archive.append([an_event(1)], at=0)
    write = os.write

    def torn(file: int, said: memoryview) -> int:
        write(file, said[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", torn)
        with pytest.raises(OSError, match="space"):
            archive.append([an_event(2)], at=0)
    archive.append([an_event(2)], at=0)
    assert len(list(tmp_path.iterdir())) == 2
    assert sorted([one["seq"] for one in read(path)] for path in tmp_path.iterdir()) == [[1], [2]]


@pytest.mark.parametrize("fails", ["write", "fsync"])
def test_a_disk_that_stays_full_leaves_no_files_without_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    archive = EventArchive(tmp_path)
    archive.append([an_event(1)], at=0)
    [path] = tmp_path.iterdir()

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, fails, full)
        for _ in range(9):
            with pytest.raises(OSError, match="space"):
                archive.append([an_event(2)], at=0)
    assert list(tmp_path.iterdir()) == [path]
    assert [one["seq"] for one in read(path)] == [1]


@pytest.mark.parametrize("meddle", ["moved away", "cut", "grown"])
def test_a_file_that_somebody_touched_is_left_alone(tmp_path: Path, meddle: str) -> None:
    archive = EventArchive(tmp_path)
    archive.append([an_event(1)], at=0)
    [path] = tmp_path.iterdir()
    if meddle == "moved away":
        path.rename(tmp_path / "elsewhere")
    elif meddle == "cut":
        os.truncate(path, 5)
    else:
        path.write_bytes(path.read_bytes() + b"x")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    archive.append([an_event(2)], at=0)
    [new] = [one for one in tmp_path.iterdir() if one.name not in before]
    assert [one["seq"] for one in read(new)] == [2]
    assert all((tmp_path / name).read_bytes() == said for name, said in before.items())


def test_file_and_folder_are_synced_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    sync = os.fsync

    def fsync(file: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{file}").readlink()))
        sync(file)

    monkeypatch.setattr(os, "fsync", fsync)
    folder = tmp_path / "archive"
    archive = EventArchive(folder)
    archive.append([an_event(1)], at=0)
    [path] = folder.iterdir()
    assert synced == [str(tmp_path), str(folder), str(path)]
    synced.clear()
    archive.append([an_event(2)], at=0)
    assert synced == [str(path)]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        EventArchive(tmp_path / "file").prepare()
