"""The example of docs/testing.md is a test that passes as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "testing.md"


def test_the_example_of_a_test_passes(tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    written = tmp_path / "test_shop.py"
    written.write_text(example)
    arguments = ["-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "made"), str(written)]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        check=False, cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout
