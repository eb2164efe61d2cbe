"""Orders that an audit has found nothing in: it finds nothing in the same rows again.

A test breaks a row or two of a book with fifty orders. Comparing each order with its own rows is
most of an audit's time, so that only orders whose rows have changed are compared.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from entrepot.store.verify.orders import Walk

_AS_IT_IS = 2  # a version of the format that writes equal values alike
_Own = Mapping[str, Sequence[Any] | None]
_Compare = Callable[[Walk, Any, _Own], None]


class KnownOrders:
    """The orders of a healthy book, by all of their rows and by what makes the keys."""

    def __init__(self) -> None:
        self._known: set[tuple[Any, bytes]] = set()

    @contextmanager
    def learned(self) -> Iterator[None]:
        """An audit within learns the orders; it has to find nothing."""

        def compare(walk: Walk, row: Any, own: _Own) -> None:
            self._known.add(_rows(walk, row, own))
            whole(walk, row, own)

        whole = Walk._compare
        with _comparing(compare):
            yield
        assert self._known

    @contextmanager
    def passed_over(self) -> Iterator[None]:
        """An audit within compares no order whose rows are those of a known one."""

        def compare(walk: Walk, row: Any, own: _Own) -> None:
            if _rows(walk, row, own) not in self._known:
                whole(walk, row, own)

        whole = Walk._compare
        with _comparing(compare):
            yield


@contextmanager
def _comparing(compare: _Compare) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Walk, "_compare", compare)
        yield


def _rows(walk: Walk, row: Any, own: _Own) -> tuple[Any, bytes]:
    """All of an order's rows and the maker of its keys. Values of two types are never the same."""
    told = [found and [tuple(one) for one in found] for found in own.values()]
    return walk._operation_key, marshal.dumps((tuple(row), told), _AS_IT_IS)
