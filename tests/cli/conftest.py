"""Commands of the operator, run in this process in the test's own folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from entrepot.testing.command_line import Ended, run

Command = Callable[..., Ended]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `entrepot` with these words in the test's folder; settings by name, without prefix."""
    return partial(run, tmp_path)
