"""The databases of tests that run behind a pooler as well: its faults are the test's.

A module that wants it imports the fixture, which takes the place of the one of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from entrepot.testing.pooler import Pooler

WAYS = ("sqlite", "postgres", "pooled")


def _mannered(
    request: pytest.FixtureRequest, fresh_database: Callable[[str], str]
) -> Iterator[str]:
    url = fresh_database(request.param)
    if request.param != "pooled":
        yield url
        return
    pooler: Pooler = request.getfixturevalue("pooler")
    pooler.begin_anew()
    yield url
    assert pooler.faults == []
    left = pooler.left_behind()
    assert left == [], left


@pytest.fixture(params=WAYS)
def database_url(
    request: pytest.FixtureRequest, fresh_database: Callable[[str], str]
) -> Iterator[str]:
    """The URL of a fresh database for one test, on each engine and behind a pooler in turn."""
    yield from _mannered(request, fresh_database)


@pytest.fixture(scope="module", params=WAYS)
def module_database_url(
    request: pytest.FixtureRequest, fresh_database: Callable[[str], str]
) -> Iterator[str]:
    """The same for all tests of one module."""
    yield from _mannered(request, fresh_database)
