"""The HTTP application: every request of every dialect takes the same steps in the same order.

Credentials, rate, role, query, size and media type, body, handler, answer. What any of it means on
the wire is the dialect's; an error nobody foresaw answers 500 in its envelope, with a request id.
"""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import Any
from urllib.parse import quote

import msgspec

from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.edge.access import NOBODY, Credentials, Everybody, Principal, Roles, Signature
from entrepot.edge.answering import answer_at_once, lines
from entrepot.edge.asgi import Lifespan, Receive, Scope, Send, live
from entrepot.edge.dialect import Call, Dialect, Operation
from entrepot.edge.door import Door
from entrepot.edge.paths import Paths, raw_path
from entrepot.edge.reply import JSON, Reply, begun
from entrepot.edge.revisions import NOT_MODIFIED
from entrepot.edge.safe_headers import FOR_JSON, FOR_PAGES, cross_origin
from entrepot.edge.sending import Headers, send_answer, send_reply
from entrepot.edge.served_from import with_address
from entrepot.edge.services import Services
from entrepot.store.engine import Unavailable
from entrepot.telemetry import is_debugging, log, metrics
from entrepot.writer.envelope import Answer

_REFUSING = 400
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
PROBLEM = b"application/problem+json"
# What every answer of a dialect begins with, as it goes over the wire.
_JSON_HEAD = lines([(b"content-type", JSON), *FOR_JSON])
_NOT_REACHED = Refusal(Reason.UNAVAILABLE, retry_after=1.0)
# Of names that nobody knows so many are said again, each up to so many characters.
_NAMED_MAX, _NAME_SHOWN_MAX = 10, 64
_Page = Callable[[], Awaitable[tuple[int, str, bytes]]]
_Entrance = Callable[[Scope, Receive, Send], Awaitable[None]]


class ClientGone(Exception):
    """The client closed the connection before its request was whole; there is nobody to answer."""


class Application:
    """The ASGI application: its life, and each request to the entrance of the request's path.

    `door` refuses writes before they are read, where the server asks (edge/protocol.py).
    """

    def __init__(
        self, entrances: Paths[_Entrance], nowhere: _Entrance, lifespan: Lifespan = nullcontext
    ) -> None:
        self.lifespan = lifespan
        self.door: Door | None = None
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


def build_app(
    services: Services,
    dialects: Iterable[Dialect],
    pages: Mapping[str, _Page],
    new_request_id: Callable[[], str],
    lifespan: Lifespan = nullcontext,
    tokens: Mapping[str, str] | None = None,
) -> Application:
    """The application over these dialects, and plain GET pages (health, metrics, documents).

    `tokens`: the bearer tokens that some pages ask for.
    """
    listed = tuple(dialects)
    entrances: dict[str, _Entrance] = {}
    for dialect in listed:
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in dialect.operations:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        for path, methods in by_path.items():
            entrances[path] = _Endpoint(services, dialect, methods, new_request_id).enter
    for path, page in pages.items():
        entrances[path] = _page_handler(page)
    for path, token in (tokens or {}).items():
        if path in pages:
            entrances[path] = _guarded(entrances[path], token, services)
    return Application(Paths(entrances), _nowhere(listed, new_request_id), lifespan)


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
        self._methods = methods | ({"HEAD": methods["GET"]} if "GET" in methods else {})
        self._allow = ", ".join(sorted({*self._methods, "OPTIONS"}))
        self._cross_origin = cross_origin(dialect, self._allow)
        self._new_request_id = new_request_id
        self._counters: dict[int, Any] = {}  # by status: finding one costs more than counting

    def _count(self, status: int) -> None:
        counter = self._counters.get(status)
        if counter is None:
            counter = metrics.requests.labels(self._dialect.name, status)
            self._counters[status] = counter
        counter.inc()

    async def enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "OPTIONS":
            # A browser asks before it sends what needs credentials, and sends none with it.
            extra = [(b"allow", self._allow.encode()), *self._cross_origin]
            await send_answer(send, 204, None, b"", extra)
            return
        with suppress(ClientGone):
            answer, extra = await self._answered(scope, receive)
            if isinstance(answer, Reply):
                await self._reply(scope, receive, send, answer, extra)
                return
            status, body = answer
            media = None if status == NOT_MODIFIED else JSON
            if media is None or not answer_at_once(send, status, _JSON_HEAD, extra, body):
                await send_answer(send, status, media, body, [*FOR_JSON, *extra])

    async def _reply(
        self, scope: Scope, receive: Receive, send: Send, reply: Reply, extra: Headers
    ) -> None:
        try:
            await send_reply(receive, send, reply, extra, head_only=scope["method"] == "HEAD")
        except Exception:
            # Its head is out: the connection is cut, so that nobody takes a part for the whole.
            request_id = dict(extra)[b"x-request-id"].decode()
            log.exception("request.broken_off", request_id=request_id, dialect=self._dialect.name)
            raise

    async def _answered(self, scope: Scope, receive: Receive) -> tuple[Answer | Reply, Headers]:
        headers = _headers(scope["headers"])
        request_id = headers.get("x-request-id", "")
        if not _REQUEST_ID.match(request_id):
            request_id = self._new_request_id()
        extra: Headers = []
        answer: Answer | Reply
        if self._cross_origin and "origin" in headers:
            extra += self._cross_origin
        try:
            answer = await self._answer(scope, receive, headers, request_id, extra)
        except Refused as refused:
            answer = self._refused(refused.refusal, request_id, extra)
        except Unavailable as error:
            log.debug("request.unavailable", request_id=request_id, why=str(error))
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

    def _refused(self, refusal: Refusal, request_id: str, extra: Headers) -> Answer:
        if refusal.retry_after is not None:
            extra.append(_retry_after(refusal))
        if refusal.reason is Reason.METHOD_NOT_ALLOWED:
            extra.append((b"allow", self._allow.encode()))
        return self._dialect.refuse(refusal, request_id)

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        headers: dict[str, str],
        request_id: str,
        extra: Headers,
    ) -> Answer | Reply:
        operation = self._methods.get(scope["method"])
        if operation is None:
            raise refuse(Reason.METHOD_NOT_ALLOWED)
        principal, body = await self._caller(scope, receive, headers, operation)
        query_string = scope.get("query_string", b"")
        if query_string:
            self._look_at_names(operation, query_string, extra)
        call = Call(
            self._services, request_id, operation.method, scope["path_params"], query_string,
            headers, principal,
        )  # fmt: skip
        if body is not None:
            call.body = body
        elif operation.body is not None:
            # Nobody but the call has it, so that the memory is free once it is read.
            call.body = await read_body(headers, receive, operation.body_max)
        del body
        answer = await operation.handler(call)
        if isinstance(answer, Reply):
            answer = await begun(answer)
        if call.replayed:
            extra.append((b"idempotent-replayed", b"true"))
        elif call.etag is not None and answer.status < _REFUSING:
            extra.append((b"etag", call.etag.encode()))
        if call.ignored:
            extra.append(_warning("members that change nothing", call.ignored))
        return answer

    async def _caller(
        self, scope: Scope, receive: Receive, headers: Mapping[str, str], operation: Operation
    ) -> tuple[Principal, bytes | None]:
        """Who calls, and the body where the caller signed the body."""
        access, body = operation.access, None
        if type(access) is Everybody:
            return NOBODY, None
        try:
            if type(access) is Signature:
                body = await read_body(headers, receive, operation.body_max)
                principal = await access.verify(headers, body, self._services)
            else:
                principal = await self._dialect.authenticate(headers, self._services)
        except Refused as refused:
            named = body is not None or "x-api-key" in headers or "authorization" in headers
            if named and refused.refusal.reason is Reason.UNAUTHENTICATED:
                await self._services.admission.wrong.tried(self._dialect.name, _address(scope))
            raise
        wait = self._services.admission.seconds_to_wait(principal.org)
        if wait > 0:
            raise Refused(Refusal(Reason.RATE_LIMITED, retry_after=wait))
        if type(access) is Credentials and not access.roles.take(principal.role):
            raise refuse(Reason.FORBIDDEN, _too_little(access.roles, principal.role))
        return principal, body

    def _look_at_names(self, operation: Operation, query_string: bytes, extra: Headers) -> None:
        """A name that nobody knows is a filter that would not filter: refused, or said aloud."""
        unknown = operation.unknown(query_string)
        if not unknown:
            return
        if self._dialect.strict_query:
            raise refuse(Reason.INVALID, "is no query parameter of this address", _name(unknown[0]))
        extra.append(_warning("unknown query parameters", unknown))


def _too_little(roles: Roles, role: str) -> str:
    may = "only read" if roles is Roles.WRITERS else "not do this"
    return f"a {role.upper()} may {may}"


def _name(name: str) -> str:
    """A name of the client's as a header and a message can hold it."""
    return quote(name[:_NAME_SHOWN_MAX], safe="")


def _warning(what: str, names: Sequence[str]) -> tuple[bytes, bytes]:
    text = f'299 - "{what}: {", ".join(map(_name, names[:_NAMED_MAX]))}"'
    return b"warning", text.encode()


def _headers(sent: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By lower-case name. A repeated one is joined by line feeds, which no single one can hold."""
    listed = list(sent)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in listed}
    if len(headers) == len(listed):
        return headers
    headers.clear()
    for raw, value in listed:
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


def _page_handler(page: _Page) -> _Entrance:
    allow = (b"allow", b"GET, HEAD, OPTIONS")

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if scope["method"] == "OPTIONS":
            await send_answer(send, 204, None, b"", [allow])
        elif scope["method"] not in ("GET", "HEAD"):
            await send_answer(send, 405, b"text/plain", b"", [allow, *FOR_PAGES])
        else:
            status, media, body = await page()
            if media.startswith("text/html"):
                body = with_address(body, scope)
            await send_answer(send, status, media.encode(), body, [*FOR_PAGES])

    return handle


def _guarded(entrance: _Entrance, token: str, services: Services) -> _Entrance:
    """A page that is shown to whoever brings the token."""
    expected = f"bearer {token}".encode()

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        sent = dict(scope["headers"]).get(b"authorization", b"")
        scheme, _, rest = sent.partition(b" ")
        if hmac.compare_digest(scheme.lower() + b" " + rest.strip(), expected):
            await entrance(scope, receive, send)
            return
        extra = [*FOR_PAGES, (b"www-authenticate", b"Bearer")]
        status = 401
        if sent:
            try:
                await services.admission.wrong.tried("metrics", _address(scope))
            except Refused as refused:
                status = 429
                extra = [*FOR_PAGES, _retry_after(refused.refusal)]
        await send_answer(send, status, b"text/plain", b"", extra)

    return handle


def _address(scope: Scope) -> str:
    return (scope.get("client") or ("unknown", 0))[0]


def _retry_after(refusal: Refusal) -> tuple[bytes, bytes]:
    return b"retry-after", b"%d" % max(1, math.ceil(refusal.retry_after or 0))


def _nowhere(dialects: tuple[Dialect, ...], new_request_id: Callable[[], str]) -> _Entrance:
    """Where nothing is: the envelope of the dialect whose prefix the path has, else a problem."""
    prefixes = {prefix.encode(): dialect for dialect in dialects for prefix in dialect.prefixes}

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        request_id = new_request_id()
        path = raw_path(scope)
        found = [prefix for prefix in prefixes if path == prefix or path.startswith(prefix + b"/")]
        problem = {"type": "about:blank", "title": "Not Found", "status": 404}
        media, answer = PROBLEM, Answer(404, msgspec.json.encode(problem))
        if found:
            dialect = prefixes[max(found, key=len)]
            media, answer = JSON, dialect.refuse(Refusal(Reason.NO_SUCH_ROUTE), request_id)
            metrics.requests.labels(dialect.name, answer.status).inc()
        extra = [*FOR_JSON, (b"x-request-id", request_id.encode())]
        await send_answer(send, answer.status, media, answer.body, extra)

    return handle
