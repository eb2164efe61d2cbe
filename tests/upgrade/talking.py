"""Requests to a server, as data: a book's maker keeps them with their answers, a test asks again.

Nothing here imports the program, so that any version of it can be asked.
"""

from __future__ import annotations

import json
import lzma
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

# An error of Polinate shows the request's id.
REQUEST_ID = "asked-again"
_SHOWN = ("content-type", "etag", "idempotent-replayed", "warning")
REPLAYED = "idempotent-replayed"


class Request(NamedTuple):
    """One request. `org` is the place of the organization's credentials in the list of all."""

    org: int
    dialect: str
    method: str
    path: str
    body: str | None = None
    key: str | None = None


class Answer(NamedTuple):
    """An answer as a client sees it: status, body, and the headers that speak of the order."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Said(NamedTuple):
    """A request and what it was answered."""

    request: Request
    answer: Answer


class Talk:
    """A client with the credentials of all organizations of a book. Many threads may use it."""

    def __init__(
        self, url: str, organizations: list[dict[str, Any]], kept: list[Request] | None = None
    ) -> None:
        self.organizations = organizations
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self._lock = threading.Lock()
        self._kept = [] if kept is None else kept

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def ask(self, request: Request) -> Answer:
        """The server's answer."""
        headers = self._credentials(request) | {"X-Request-Id": REQUEST_ID}
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        content = None if request.body is None else request.body.encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        got = self._http.request(request.method, request.path, content=content, headers=headers)
        shown = {name: got.headers[name] for name in _SHOWN if name in got.headers}
        return Answer(got.status_code, shown, got.content.decode())

    def write(self, request: Request) -> Answer:
        """The server's answer to a write, which is kept, so that it can be repeated."""
        with self._lock:
            self._kept.append(request)
        answer = self.ask(request)
        assert answer.status < 500, (request, answer)
        return answer

    def _credentials(self, request: Request) -> dict[str, str]:
        known = self.organizations[request.org][request.dialect]
        if request.dialect == "synq":
            return {
                "Authorization": f"Bearer {known['token']}",
                "X-Tenant-ID": known["tenant_id"],
                "X-Org-ID": known["org_id"],
            }
        if request.dialect == "polinate":
            return {"X-Business-Id": known["business_id"], "X-API-Key": known["api_key"]}
        return {"x-api-key": known["api_key"]}


def written(body: object) -> str:
    """A body as JSON text."""
    return json.dumps(body, ensure_ascii=False)


def keep(path: Path, what: object) -> None:
    """Write JSON, compressed: the answers of a book say the same many times."""
    text = json.dumps(what, ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def kept(path: Path) -> Any:
    """What `keep` wrote."""
    return json.loads(lzma.decompress(path.read_bytes()))


def said_of(rows: Iterable[list[Any]]) -> list[Said]:
    """Requests and answers as JSON has them."""
    return [Said(Request(*request), Answer(*answer)) for request, answer in rows]


def differences(talk: Talk, expected: Iterable[Said]) -> list[str]:
    """Every answer that is another one now, in words."""
    found = []
    for request, before in expected:
        now = talk.ask(request)
        if now != before:
            found.append(f"{request}\n  before: {before}\n  now:    {now}")
    return found
