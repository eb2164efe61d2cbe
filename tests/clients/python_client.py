"""A Python client made by openapi-python-client, whose answers are compared with its document."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import types
import typing
import uuid
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin

import httpx
import jsonschema

Json = dict[str, Any]


def make(generator: Path, document: Path, package: Path) -> None:
    """Make the client's package. A part of the document that is not understood is a fault."""
    command = [
        str(generator), "generate", "--path", str(document), "--output-path", str(package),
        "--meta", "none", "--overwrite", "--fail-on-warning",
    ]  # fmt: skip
    # The generator formats what it has made with the program that is installed beside it.
    env = {"PATH": f"{generator.parent}:/usr/bin:/bin"}
    made = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    assert made.returncode == 0, made.stdout + made.stderr


class Compared:
    """Answers compared with a document: each status and each body is a documented one."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self.seen = 0

    def __call__(self, answer: httpx.Response) -> None:
        answer.read()
        operation = self._operation(answer.request)
        documented = operation["responses"]
        assert str(answer.status_code) in documented, (answer.request.url, answer.text)
        content = documented[str(answer.status_code)].get("content")
        self.seen += 1
        if content is None:
            return
        [(media, told)] = content.items()
        assert answer.headers["content-type"].split(";")[0] == media
        schema = {**told["schema"], "components": self._document.get("components", {})}
        jsonschema.Draft202012Validator(schema).validate(answer.json())

    def _operation(self, request: httpx.Request) -> Json:
        for path, operations in self._document["paths"].items():
            pattern = re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path))
            if re.fullmatch(pattern, request.url.path) and request.method.lower() in operations:
                found: Json = operations[request.method.lower()]
                return found
        raise AssertionError(f"{request.method} {request.url.path} is not documented")


class PythonClient:
    """The client of a package, with the credentials that its operations take."""

    def __init__(self, package: Path, document: Json, url: str, headers: Json) -> None:
        sys.path.insert(0, str(package.parent))
        self._name = package.name
        made = importlib.import_module(f"{package.name}.client")
        self.compared = Compared(document)
        self._client = made.Client(
            base_url=url, headers=headers, raise_on_unexpected_status=True, timeout=60.0,
            httpx_args={"event_hooks": {"response": [self.compared]}},
        )  # fmt: skip
        self._headers = {name.lower().replace("-", "_"): told for name, told in headers.items()}

    def close(self) -> None:
        """Close its connections."""
        self._client.get_httpx_client().close()

    def call(self, operation: str, status: int, body: Any = None, **told: Any) -> Any:
        """The documented body that an operation is answered with; its status has to be this one."""
        module = importlib.import_module(f"{self._name}.api.{operation}")
        taken = module.sync_detailed.__annotations__
        told = {name: _typed(taken[name], value) for name, value in told.items()}
        # Texts: the generator's version 0.29 hands a UUID to httpx as it is, which takes none.
        told |= {name: value for name, value in self._headers.items() if name in taken}
        if body is not None:
            told["body"] = _typed(taken["body"], body)
        answer = module.sync_detailed(client=self._client, **told)
        assert answer.status_code == status, answer.content
        return answer.parsed


def _typed(shape: Any, value: Any) -> Any:
    """The value as the generated function takes it."""
    if get_origin(shape) in (types.UnionType, typing.Union):
        faults = []
        for one in get_args(shape):
            try:
                return _typed(one, value)
            except (KeyError, TypeError, ValueError) as fault:
                faults.append(fault)
        raise ValueError(faults)
    if get_origin(shape) is list:
        return list(map(partial(_typed, get_args(shape)[0]), value))
    if hasattr(shape, "from_dict"):
        made = shape.from_dict(value)
        assert made.to_dict().keys() == value.keys(), "the client sends what it is told"
        return made
    return uuid.UUID(value) if shape is uuid.UUID else value
