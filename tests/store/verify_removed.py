"""Verify without one of its invariants: a break of that is then nobody's finding."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Connection

from entrepot.store import verify
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.statements import Check

_ask = verify._ask


@cache
def _modules() -> tuple[ModuleType, ...]:
    names = [one.name for one in pkgutil.iter_modules(verify.__path__, f"{verify.__name__}.")]
    return (verify, *map(importlib.import_module, names))


@cache
def checking(invariant: str) -> tuple[Any, ...]:
    """The functions that add findings of an invariant by its name, where no statement does."""
    return tuple(
        getattr(module, function.name)
        for module in _modules()
        for function in ast.parse(inspect.getsource(module)).body
        if isinstance(function, ast.FunctionDef) and invariant in _added(function)
    )


def _added(function: ast.FunctionDef) -> set[Any]:
    return {
        node.args[0].value
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and node.func.attr == "add" and node.args and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip


@contextmanager
def removed(invariant: str) -> Iterator[None]:
    """Leave out the statements of an invariant, and the functions that look for its faults."""

    def ask(asking: Asking, check: Check) -> None:
        if check.invariant != invariant:
            _ask(asking, check)

    def nothing(*_: Any, **__: Any) -> bool:
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "_ask", ask)
        for function in checking(invariant):
            for module in _modules():
                for name, value in list(vars(module).items()):
                    if value is function:
                        patch.setattr(module, name, nothing)
        # The schema and the types of values take most of the time, and say their own names only.
        if invariant not in ("SCHEMA", "DAMAGE"):
            patch.setattr(verify, "check_schema", nothing)
            patch.setattr(verify, "check_damage", lambda _: ({}, {}))
        yield


def found_without(invariant: str, conn: Connection, **more: Any) -> set[str]:
    """The invariants that a verify without this one reports."""
    with removed(invariant):
        return {one.invariant for one in verify.verify(conn, **more).violations}
