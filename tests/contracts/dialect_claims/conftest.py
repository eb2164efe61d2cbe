"""The running servers that the claims are tried on, shared by all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.contracts.facts import House


@pytest.fixture(scope="package")
def house(
    fresh_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    running = House(fresh_database, tmp_path_factory.mktemp)
    yield running
    running.close()
