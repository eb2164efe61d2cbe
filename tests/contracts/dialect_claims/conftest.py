"""The running servers that the claims are tried on, shared by all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.contracts.facts import House


@pytest.fixture(scope="package")
def house(
    lasting_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    running = House(lasting_database, tmp_path_factory.mktemp)
    yield running
    running.close()
