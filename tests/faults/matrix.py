"""Which rows of the compensation matrix a run tries: some in each `make test`, or all."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

ALL = bool(os.environ.get("ENTREPOT_TEST_FAULTS"))
"""Set by `make payment-faults`: each row, with each service, and on both engines."""
SERVICES = ("stripe", "adyen", "paypal")
ENGINES = ("sqlite", "postgres")


def rows(often: dict[str, Any], **more: Any) -> list[Any]:
    """The parameters of a test: `often` in each run, and `more` where all rows are tried.

    A plain tuple is several parameters.
    """
    tried = often | more if ALL else often
    return [
        pytest.param(*(row if type(row) is tuple else [row]), id=name.replace("_", " "))
        for name, row in tried.items()
    ]


def each(test: Callable[..., None]) -> Callable[..., None]:
    """The test with each service on each engine, where all rows are tried; else with one."""
    where = [(service, engine) for service in SERVICES for engine in ENGINES]
    tried = where if ALL else where[:1]
    return pytest.mark.parametrize(("service", "engine"), tried)(test)


def on_postgres(test: Callable[..., None]) -> Callable[..., None]:
    """The test with each service, on PostgreSQL: several processes work on one book."""
    return pytest.mark.parametrize("service", SERVICES)(test)
