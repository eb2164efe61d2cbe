"""The HTTP application: every request of every dialect takes the same steps in the same order.

Size and media type, credentials, rate, role, body, handler, answer. What any of it means on the
wire is the dialect's; an error nobody foresaw answers 500 in its envelope, with a request id.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from litestar import Litestar, Request, asgi, route
from litestar import Response as LitestarResponse
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, HTTPScope, Receive, Send

from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.edge.answering import answer_at_once
from entrepot.edge.dialect import Call, Dialect, Operation, Services
from entrepot.store.engine import Unavailable
from entrepot.telemetry import is_debugging, log, metrics
from entrepot.writer.envelope import Answer

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
JSON = b"application/json"
_METHODS: list[Any] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_NOT_REACHED = Refusal(Reason.UNAVAILABLE, retry_after=1.0)
_Page = Callable[[], Awaitable[tuple[int, str, bytes]]]


class ClientGone(Exception):
    """The client closed the connection before its request was whole; there is nobody to answer."""


class Application(Litestar):
    """Litestar, and a short way to the paths without parameters: they are looked up by their text.

    Whatever it does not know, such as such a path with a slash too many, Litestar routes.
    """

    def __init__(self, entrances: Mapping[str, ASGIApp], **options: Any) -> None:
        super().__init__(**options)
        self._entrances = entrances

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application."""
        entrance = self._entrances.get(scope["path"]) if scope["type"] == "http" else None
        if entrance is None:
            await super().__call__(scope, receive, send)
        else:
            await entrance(scope, receive, send)


def build_app(
    services: Services,
    dialects: Iterable[Dialect],
    pages: Mapping[str, _Page],
    new_request_id: Callable[[], str],
    lifespan: Any = None,
) -> Application:
    """The application over these dialects, and plain GET pages (health, metrics, documents)."""
    listed = tuple(dialects)
    handlers: list[Any] = []
    entrances: dict[str, ASGIApp] = {}
    for dialect in listed:
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in dialect.operations:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        for path, methods in by_path.items():
            endpoint = _Endpoint(services, dialect, methods, new_request_id)
            if "{" in path:
                handlers.append(_with_parameters(path, endpoint))
                continue
            entrances[path] = raw = _raw(endpoint)
            handlers.append(asgi(path, copy_scope=False)(raw))
    for path, page in pages.items():
        handlers.append(asgi(path, copy_scope=False)(_page_handler(page)))
    return Application(
        entrances,
        route_handlers=handlers,
        openapi_config=None,
        lifespan=[lifespan] if lifespan else [],
        logging_config=None,
        debug=False,
        exception_handlers={HTTPException: _unrouted(listed, new_request_id)},
    )


class _Endpoint:
    """All operations of one path."""

    def __init__(
        self,
        services: Services,
        dialect: Dialect,
        methods: dict[str, Operation],
        new_request_id: Callable[[], str],
    ) -> None:
        self._services = services
        self._dialect = dialect
        self._methods = methods
        self._allow = ", ".join(sorted(methods))
        self._new_request_id = new_request_id
        self._counters: dict[int, Any] = {}  # by status: finding one costs more than counting

    def _count(self, status: int) -> None:
        counter = self._counters.get(status)
        if counter is None:
            counter = metrics.requests.labels(self._dialect.name, status)
            self._counters[status] = counter
        counter.inc()

    async def answer(
        self, scope: HTTPScope, receive: Receive
    ) -> tuple[Answer, list[tuple[bytes, bytes]]]:
        """The answer to one request and its extra headers. Raises ClientGone."""
        headers = _headers(scope["headers"])
        request_id = headers.get("x-request-id", "")
        if not _REQUEST_ID.match(request_id):
            request_id = self._new_request_id()
        extra: list[tuple[bytes, bytes]] = []
        try:
            answer = await self._answer(scope, receive, headers, request_id, extra)
        except Refused as refused:
            answer = self._refused(refused.refusal, request_id, extra)
        except Unavailable as error:
            log.error("request.unavailable", request_id=request_id, why=str(error))
            answer = self._refused(_NOT_REACHED, request_id, extra)
        except ClientGone:
            raise
        except Exception:
            log.exception("request.failed", request_id=request_id, dialect=self._dialect.name)
            answer = self._dialect.refuse(Refusal(Reason.INTERNAL), request_id)
        self._count(answer.status)
        if is_debugging():
            log.debug(
                "request.answered", request_id=request_id, dialect=self._dialect.name,
                method=scope["method"], status=answer.status,
            )  # fmt: skip
        extra.append((b"x-request-id", request_id.encode()))
        return answer, extra

    def _refused(
        self, refusal: Refusal, request_id: str, extra: list[tuple[bytes, bytes]]
    ) -> Answer:
        if refusal.retry_after is not None:
            seconds = max(1, math.ceil(refusal.retry_after))
            extra.append((b"retry-after", str(seconds).encode()))
        if refusal.reason is Reason.METHOD_NOT_ALLOWED:
            extra.append((b"allow", self._allow.encode()))
        return self._dialect.refuse(refusal, request_id)

    async def _answer(
        self,
        scope: HTTPScope,
        receive: Receive,
        headers: dict[str, str],
        request_id: str,
        extra: list[tuple[bytes, bytes]],
    ) -> Answer:
        operation = self._methods.get(scope["method"])
        if operation is None:
            raise refuse(Reason.METHOD_NOT_ALLOWED)
        principal = await self._dialect.authenticate(headers, self._services)
        wait = self._services.admission.seconds_to_wait(principal.org)
        if wait > 0:
            raise Refused(Refusal(Reason.RATE_LIMITED, retry_after=wait))
        if operation.writes and not principal.may_write:
            raise refuse(Reason.FORBIDDEN, f"a {principal.role.upper()} may only read")
        body = b""
        if operation.body is not None:
            body = await read_body(headers, receive, operation.body_max)
        call = Call(
            self._services, request_id, operation.method, scope.get("path_params", {}),
            scope.get("query_string", b""), headers, principal, body,
        )  # fmt: skip
        answer = await operation.handler(call)
        if call.replayed:
            extra.append((b"idempotent-replayed", b"true"))
        return answer


def _raw(endpoint: _Endpoint) -> Any:
    """The endpoint as an ASGI application, which costs least."""

    async def raw(scope: HTTPScope, receive: Receive, send: Send) -> None:
        with suppress(ClientGone):
            answer, extra = await endpoint.answer(scope, receive)
            await send_answer(send, answer.status, JSON, answer.body, extra)

    return raw


def _with_parameters(path: str, endpoint: _Endpoint) -> Any:
    """The endpoint as an ordinary handler, which is handed every method: the router's raw ones
    take no parameters in the path."""

    async def ordinary(request: Request[Any, Any, Any]) -> LitestarResponse[bytes]:
        answer, extra = await endpoint.answer(request.scope, request.receive)
        return LitestarResponse(
            answer.body, status_code=answer.status, media_type="application/json",
            headers={name.decode(): value.decode() for name, value in extra},
        )  # fmt: skip

    return route(re.sub(r"{(\w+)}", r"{\1:str}", path), http_method=_METHODS)(ordinary)


def _headers(sent: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By lower-case name. A repeated one is joined by line feeds, which no single one can hold."""
    headers: dict[str, str] = {}
    for raw, value in sent:
        name, text = raw.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]}\n{text}" if name in headers else text
    return headers


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """The whole body. Refused: another media type, an encoding, more than `limit` bytes."""
    media = headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if media != "application/json":
        raise refuse(Reason.UNSUPPORTED_MEDIA, field="Content-Type")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise refuse(Reason.UNSUPPORTED_MEDIA, "the body must not be encoded", "Content-Encoding")
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise refuse(Reason.BODY_TOO_LARGE, f"at most {limit} bytes")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise refuse(Reason.BODY_TOO_LARGE, f"at most {limit} bytes")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def send_answer(
    send: Send, status: int, media: bytes, body: bytes, extra: list[tuple[bytes, bytes]]
) -> None:
    """Send one whole answer."""
    head = [(b"content-type", media), *extra]
    if answer_at_once(send, status, head, body):
        return
    head.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _page_handler(page: _Page) -> Any:
    async def handle(scope: HTTPScope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if scope["method"] not in ("GET", "HEAD"):
            await send_answer(send, 405, b"text/plain", b"", [(b"allow", b"GET, HEAD")])
            return
        status, media, body = await page()
        await send_answer(send, status, media.encode(), body, [])

    return handle


def _unrouted(dialects: tuple[Dialect, ...], new_request_id: Callable[[], str]) -> Any:
    """Where nothing is: the envelope of the dialect whose prefix the path has, else a problem."""

    def handle(request: Request[Any, Any, Any], error: HTTPException) -> Any:
        request_id = new_request_id()
        path = request.scope["path"]
        found = [
            (len(prefix), dialect)
            for dialect in dialects
            for prefix in dialect.prefixes
            if path == prefix or path.startswith(prefix + "/")
        ]
        media, status = "application/problem+json", error.status_code
        body = msgspec.json.encode({"type": "about:blank", "title": error.detail, "status": status})
        if found and status == 404:
            answer = max(found, key=lambda pair: pair[0])[1].refuse(
                Refusal(Reason.NO_SUCH_ROUTE), request_id
            )
            media, status, body = "application/json", answer.status, answer.body
        return LitestarResponse(
            body, status_code=status, media_type=media, headers={"x-request-id": request_id}
        )

    return handle
