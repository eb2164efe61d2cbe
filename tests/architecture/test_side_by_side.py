"""Tests side by side: what becomes of each is told, and a process that is lost is missed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ONE = """
import os
def test_one_is_fine(tmp_path): assert "process-" in str(tmp_path)
def test_one_fails(): os.write(1, b"said by one\\n"); assert 1 == 2
"""
TWO = """
def test_two_is_fine(): pass
"""
LOST = """
import os, signal
def test_ends_its_process(): os.kill(os.getpid(), signal.SIGKILL)
"""


def run(folder: Path, **files: str) -> tuple[int, str]:
    """The exit code and output of a run of these files in two processes."""
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    how = ["-p", "tests.side_by_side", "--side-by-side", "2", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *how, "-c", "/dev/null", "--rootdir", str(folder)]
    ended = subprocess.run(
        [*command, str(folder)], check=False, capture_output=True, text=True, cwd=ROOT
    )
    return ended.returncode, ended.stdout


def test_all_results_of_all_processes_are_told(tmp_path: Path) -> None:
    code, told = run(tmp_path, one=ONE, two=TWO)
    assert code == 1
    assert "1 failed, 2 passed" in told
    assert told.count("\nsaid by one\n") == 1


def test_a_run_whose_process_is_lost_fails_and_names_the_test(tmp_path: Path) -> None:
    code, told = run(tmp_path, two=TWO, lost=LOST)
    assert code == 3
    assert "a process of the tests has ended in test_lost.py::test_ends_its_process" in told
