"""Which rows of the compensation matrix a run tries: some in each `make test`, or all."""

from __future__ import annotations

import os
from typing import Any

import pytest

ALL = bool(os.environ.get("ENTREPOT_TEST_FAULTS"))
"""Set by `make payment-faults`: each row, with each service, and on both engines."""


def rows(often: dict[str, tuple[Any, ...]], **more: tuple[Any, ...]) -> list[Any]:
    """The parameters of a test: `often` in each run, and `more` where all rows are tried."""
    tried = often | more if ALL else often
    return [pytest.param(*values, id=name.replace("_", " ")) for name, values in tried.items()]
