"""Engines of the tests share what they have compiled."""

from __future__ import annotations

from unittest import mock

from sqlalchemy import create_engine, literal, select
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler


def test_two_engines_of_one_kind_compile_a_statement_once() -> None:
    init = SQLiteCompiler.__init__
    with mock.patch.object(SQLiteCompiler, "__init__", autospec=True, side_effect=init) as made:
        for value in (7, 8):
            with create_engine("sqlite://").connect() as connection:
                assert connection.scalar(select(literal(value).label("no_other_test"))) == value
    assert made.call_count == 1
