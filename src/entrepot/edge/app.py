"""The HTTP application: each request goes to the entrance of its path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext

import msgspec

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.asgi import Entrance, Lifespan, Receive, Scope, Send, live
from entrepot.edge.dialect import Dialect, Operation
from entrepot.edge.door import Door
from entrepot.edge.endpoint import Endpoint
from entrepot.edge.page_entrances import Page, entrance_of, guarded
from entrepot.edge.paths import Paths, raw_path
from entrepot.edge.reply import PROBLEM
from entrepot.edge.safe_headers import FOR_JSON
from entrepot.edge.sending import send_answer
from entrepot.edge.services import Services
from entrepot.telemetry import metrics
from entrepot.writer.envelope import Answer
from entrepot.writer.news import News


class Application:
    """The ASGI application: its life, and each request to the entrance of the request's path.

    `door` refuses writes before they are read, and `news` has requests that wait for events end,
    where the server asks (edge/protocol.py).
    """

    def __init__(
        self, entrances: Paths[Entrance], nowhere: Entrance, lifespan: Lifespan = nullcontext
    ) -> None:
        self.lifespan = lifespan
        self.door: Door | None = None
        self.news: News | None = None
        self._entrances = entrances
        self._nowhere = nowhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live from the server's start to its end."""
        if scope["type"] == "http":
            entrance, scope["path_params"] = self._entrances.find(raw_path(scope))
            await (entrance or self._nowhere)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await live(self.lifespan, receive, send)
        else:
            raise AssertionError(f"no {scope['type']} is spoken here")


def build_app(  # noqa: PLR0913 - all that an application consists of
    services: Services,
    dialects: Iterable[Dialect],
    pages: Mapping[str, Page],
    new_request_id: Callable[[], str],
    lifespan: Lifespan = nullcontext,
    *,
    tokens: Mapping[str, str] | None = None,
    others: Mapping[str, Entrance] | None = None,
) -> Application:
    """The application over these dialects, and plain GET pages (health, metrics, documents).

    `tokens`: the bearer tokens that some pages ask for. `others`: further entrances, by path.
    """
    listed = tuple(dialects)
    entrances: dict[str, Entrance] = {}
    for dialect in listed:
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in dialect.operations:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        for path, methods in by_path.items():
            entrances[path] = Endpoint(services, dialect, methods, new_request_id).enter
    for path, page in pages.items():
        entrances[path] = entrance_of(page)
    for path, token in (tokens or {}).items():
        if path in pages:
            entrances[path] = guarded(entrances[path], token, services)
    entrances.update(others or {})
    app = Application(Paths(entrances), _nowhere(listed, new_request_id), lifespan)
    app.news = services.writer.news
    return app


def _nowhere(dialects: tuple[Dialect, ...], new_request_id: Callable[[], str]) -> Entrance:
    """The entrance of unknown paths: 404 in the envelope of the dialect whose prefix the path has,
    else a problem document.
    """
    prefixes = {prefix.encode(): dialect for dialect in dialects for prefix in dialect.prefixes}

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        request_id = new_request_id()
        path = raw_path(scope)
        found = [prefix for prefix in prefixes if path == prefix or path.startswith(prefix + b"/")]
        problem = {"type": "about:blank", "title": "Not Found", "status": 404}
        media, answer = PROBLEM, Answer(404, msgspec.json.encode(problem))
        if found:
            dialect = prefixes[max(found, key=len)]
            answer = dialect.refuse(Refusal(Reason.NO_SUCH_ROUTE), request_id)
            media = dialect.refusal_media
            metrics.requests.labels(dialect.name, answer.status).inc()
        extra = [*FOR_JSON, (b"x-request-id", request_id.encode())]
        await send_answer(send, answer.status, media, answer.body, extra)

    return handle
