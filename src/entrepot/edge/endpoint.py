"""The operations of one path: every request takes the same steps in the same order.

Credentials, rate, role, version, query, size and media type, body, handler, answer. The dialect
says what each step means on the wire. An error that nobody foresaw is answered with 500 in the
dialect's envelope, with a request id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from urllib.parse import quote

from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.edge.access import NOBODY, Credentials, Everybody, Principal, Roles, Scoped, Signature
from entrepot.edge.answering import answer_at_once, lines
from entrepot.edge.asgi import Receive, Scope, Send
from entrepot.edge.body import ClientGone, read_body
from entrepot.edge.dialect import Call, Dialect, Operation, Replay
from entrepot.edge.reply import JSON, Reply, begun
from entrepot.edge.revisions import NOT_MODIFIED, conditional
from entrepot.edge.safe_headers import FOR_JSON, cross_origin
from entrepot.edge.sending import Headers, client_address, retry_after, send_answer, send_reply
from entrepot.edge.services import Services
from entrepot.edge.strict_json import unmarked
from entrepot.store.engine import Unavailable
from entrepot.store.schema import readable
from entrepot.telemetry import counting, is_debugging, log, metrics
from entrepot.writer.envelope import Answer

_REFUSING = 400
# From this status on nothing was shown or done, so that nothing was passed over in it.
_NOT_DONE = 300
_NO_CONTENT = 204
_WITHOUT_BODY = (_NO_CONTENT, NOT_MODIFIED)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
# The first header lines of every answer of a dialect, as they are sent.
_JSON_HEAD = lines([(b"content-type", JSON), *FOR_JSON])
_READING = ("GET", "HEAD")
_NOT_REACHED = Refusal(Reason.UNAVAILABLE, retry_after=1.0)
# A warning repeats at most this many unknown names, and this many characters of each.
_NAMED_MAX, _NAME_SHOWN_MAX = 10, 64


class Endpoint:
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
        # By status: finding a counter costs more than counting.
        self._counters: dict[int, Callable[[float], None]] = {}

    def _count(self, status: int) -> None:
        if status in self._counters:
            count = self._counters[status]
        else:
            count = counting(metrics.requests.labels(self._dialect.name, status))
            self._counters[status] = count
        count(1)

    async def enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "OPTIONS":
            # A browser asks before it sends what needs credentials, and sends none with it.
            extra = [(b"allow", self._allow.encode()), *self._cross_origin]
            await send_answer(send, 204, None, b"", extra)
            return
        try:
            answer, extra = await self._answered(scope, receive)
            if isinstance(answer, Reply):
                await self._reply(scope, receive, send, answer, extra)
                return
            status, body = answer
            media = None if status in _WITHOUT_BODY else JSON
            if status >= _REFUSING:
                media = self._dialect.refusal_media
            if media is not JSON or not answer_at_once(send, status, _JSON_HEAD, extra, body):
                await send_answer(send, status, media, body, [*FOR_JSON, *extra])
        except ClientGone:
            return

    async def _reply(
        self, scope: Scope, receive: Receive, send: Send, reply: Reply, extra: Headers
    ) -> None:
        try:
            await send_reply(receive, send, reply, extra, head_only=scope["method"] == "HEAD")
        except Exception:
            # The head of this answer is sent already. The connection is cut, so that no client
            # takes a part of the answer for the whole.
            readable.doubt()
            request_id = dict(extra)[b"x-request-id"].decode()
            log.exception("request.broken_off", request_id=request_id, dialect=self._dialect.name)
            raise

    async def _answered(self, scope: Scope, receive: Receive) -> tuple[Answer | Reply, Headers]:
        headers = headers_of(scope["headers"])
        request_id = headers.get("x-request-id", "")
        if not request_id or not _REQUEST_ID.match(request_id):
            request_id = self._new_request_id()
        extra: Headers = []
        answer: Answer | Reply
        if self._cross_origin and "origin" in headers:
            extra += self._cross_origin
        try:
            answer = await self._despite_damage(scope, receive, headers, request_id, extra)
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

    async def _despite_damage(
        self,
        scope: Scope,
        receive: Receive,
        headers: dict[str, str],
        request_id: str,
        extra: Headers,
    ) -> Answer | Reply:
        """The answer. A read that damage may have stopped is made again, and looks at each row."""
        before = len(extra)
        try:
            return await self._answer(scope, receive, headers, request_id, extra)
        except (Refused, Unavailable, ClientGone):
            raise
        except Exception:
            if scope["method"] not in _READING or not readable.doubt():
                raise
        del extra[before:]
        return await self._answer(scope, receive, headers, request_id, extra)

    def _refused(self, refusal: Refusal, request_id: str, extra: Headers) -> Answer:
        if refusal.retry_after is not None:
            extra.append(retry_after(refusal))
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
        condition = conditional(headers)
        if condition is not None and operation.has_no_version():
            raise refuse(
                Reason.CHANGED_MEANWHILE, f"{condition} names a version, and this has none"
            )
        query_string = scope.get("query_string", b"")
        ignored: list[str] = []
        if query_string and not self._dialect.own_query:
            ignored = self._ignored_names(operation, query_string)
        call = Call(
            self._services, request_id, operation.method, scope["path_params"], query_string,
            headers, principal,
        )  # fmt: skip
        if body is not None:
            call.body = body
        elif operation.body is not None:
            # Only the call holds the body, so the memory is free once the handler has read the
            # body.
            if not (operation.body_optional and _has_no_body(headers)):
                call.body = await read_body(headers, receive, operation.body_max)
        del body
        call.body = unmarked(call.body)
        try:
            answer = await operation.handler(call)
        except Replay as repeat:
            answer, call.replayed = repeat.answer, True
        if isinstance(answer, Reply):
            answer = await begun(answer)
        extra += _headers(call, answer.status, ignored)
        return answer

    async def _caller(
        self, scope: Scope, receive: Receive, headers: Mapping[str, str], operation: Operation
    ) -> tuple[Principal, bytes | None]:
        """The caller, and the body if the caller signed the body."""
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
                await self._services.admission.wrong.tried(
                    self._dialect.name, client_address(scope)
                )
            raise
        wait = self._services.admission.seconds_to_wait(principal.org)
        if wait > 0:
            raise Refused(Refusal(Reason.RATE_LIMITED, retry_after=wait))
        if (
            type(access) is Credentials
            and access.roles is not Roles.ANY
            and not access.roles.take(principal.role)
        ):
            raise refuse(Reason.FORBIDDEN, _too_little(access.roles, principal.role))
        if type(access) is Scoped and access.scope not in principal.scopes:
            raise refuse(Reason.FORBIDDEN, f"the key does not have the scope {access.scope}")
        return principal, body

    def _ignored_names(self, operation: Operation, query_string: bytes) -> list[str]:
        """Unknown query parameters: as filters they would not filter. Refused in most dialects."""
        unknown = operation.unknown(query_string)
        if unknown and self._dialect.strict_query:
            raise refuse(Reason.INVALID, "is no query parameter of this address", _name(unknown[0]))
        return unknown


def _headers(call: Call, status: int, ignored: Sequence[str]) -> Headers:
    """The headers of a handler's answer; `ignored` are parameters of the query that changed
    nothing.
    """
    found: Headers = []
    if call.replayed:
        found.append((b"idempotent-replayed", b"true"))
    elif call.etag is not None and status < _REFUSING:
        found.append((b"etag", call.etag.encode()))
    if status < _NOT_DONE and ignored:
        found.append(_warning("unknown query parameters", ignored))
    if status < _NOT_DONE and call.ignored:
        found.append(_warning("members that change nothing", call.ignored))
    return found


def _has_no_body(headers: Mapping[str, str]) -> bool:
    return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers


def _too_little(roles: Roles, role: str) -> str:
    may = "only read" if roles is Roles.WRITERS else "not do this"
    return f"a {role.upper()} may {may}"


def _name(name: str) -> str:
    """A name of the client's as a header and a message can hold it."""
    return quote(name[:_NAME_SHOWN_MAX], safe="")


def _warning(what: str, names: Sequence[str]) -> tuple[bytes, bytes]:
    text = f'299 - "{what}: {", ".join(map(_name, names[:_NAMED_MAX]))}"'
    return b"warning", text.encode()


def headers_of(sent: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By lower-case name. A repeated one is joined by line feeds, which no single one can hold."""
    listed = list(sent)
    # All are decoded at once, which takes a fraction of the time.
    told = b"\n".join(chain.from_iterable(listed)).decode("latin-1").split("\n")
    headers = dict(zip(told[::2], told[1::2], strict=False))
    if len(headers) == len(listed) == len(told) // 2:
        return headers
    headers.clear()
    for raw, value in listed:
        name, text = raw.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]}\n{text}" if name in headers else text
    return headers
