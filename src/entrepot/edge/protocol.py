"""A connection, in order: requests, answers, and a last answer to a client that breaks the rules.

Malformed, late and oversized requests are answered and closed in order, never in the middle of
another answer. No answer is ever given to another request than its own. Under overload the door
refuses a request before it is parsed and before a task of the application begins. This module knows
no route, no dialect and no size limit of bodies.
"""

import asyncio
import http
from functools import partial
from typing import Any, Final, NoReturn, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from entrepot.edge.answering import last_answer
from entrepot.edge.door import Door
from entrepot.edge.framing import (
    HEADER_BLOCK_BYTES_MAX,
    HEADERS_MAX,
    Fault,
    check_head,
    origin_form,
    without_upgrade,
)
from entrepot.edge.timers import (
    BODY_SECONDS_DEFAULT,
    HEADERS_SECONDS_DEFAULT,
    Phase,
    TimedProtocol,
)
from entrepot.writer.news import News

CONNECTIONS_MAX_DEFAULT: Final = 10_000
# A client that sends more requests than this without waiting for an answer is refused.
PIPELINE_MAX: Final = 16
# This many connections over the limit still get a 503; further ones are closed unanswered.
SPARE_CONNECTIONS: Final = 256
# How long a refused client may take to read the answer before the connection is cut.
LINGER_SECONDS: Final = 1.0


class DeadlineProtocol(TimedProtocol):
    """uvicorn's httptools protocol with deadlines, and with answers in the order of requests.

    On a breach of a deadline the client is answered 408, unless an answer to that request has
    begun, and is disconnected.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        headers_seconds: float = HEADERS_SECONDS_DEFAULT,
        body_seconds: float = BODY_SECONDS_DEFAULT,
        connections_max: int = CONNECTIONS_MAX_DEFAULT,
    ) -> None:
        super().__init__(
            config, server_state, app_state, _loop,
            headers_seconds=headers_seconds, body_seconds=body_seconds,
        )  # fmt: skip
        self.connections_max = connections_max
        self._overhead_bytes = 0
        # The size of the newest data, and whether a head is parsed now.
        self._chunk_bytes = 0
        self._in_head = False
        # The number of headers in the head whose body is coming.
        self._headers_before = 0
        self.headers = []
        self._fault: int | None = None
        # The status to answer with once the answers before it are out.
        self._refusal_due: int | None = None
        # The client has said all it will; it still reads.
        self._half_closed = False
        self._door, self._news = _door_of(self.app), _news_of(self.app)
        self._one_too_many = self._received = False
        # The newest data was let in, so its requests are not judged again.
        self._let_in = False
        # The answer of a request that was turned away at its headers, until its body is through.
        self._turned_away: bytes | None = None

    def connection_made(  # type: ignore[override]  # as in uvicorn
        self, transport: asyncio.Transport
    ) -> None:
        """Start the first request's deadline: a client that says nothing is a slow client."""
        super().connection_made(transport)
        connections = len(self.connections)
        self._one_too_many = connections > self.connections_max
        if connections > self.connections_max + SPARE_CONNECTIONS:
            self._phase = Phase.REFUSED
            transport.abort()
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, then see which deadline and which limit the connection is under."""
        if self._phase is Phase.REFUSED or (self._door is not None and self._glanced(data)):
            return
        if self._phase is Phase.IDLE:
            # Also for bytes that begin no message, such as blank lines: they end the idle time.
            self._phase = Phase.HEADERS
        self._chunk_bytes = len(data)
        self._overhead_bytes += self._chunk_bytes
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        self._feed(data)
        if self._overhead_bytes > HEADER_BLOCK_BYTES_MAX or (
            self.headers and self._has_many_headers()
        ):
            self._refuse(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._arm()
        self._keep_idle_timer()

    def shutdown(self) -> None:
        """The server drains: a request that waits for events is answered now."""
        if self._news is not None:
            self._news.end()
        super().shutdown()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                version = self.parser.get_http_version()
                head = without_upgrade(self.parser.get_method(), self.url, version, self.headers)
                data = head + data[upgrade.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in uvicorn
            except httptools.HttpParserError:
                self._refuse(self._fault or http.HTTPStatus.BAD_REQUEST)
                return
            else:
                return

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn's says nothing
        """Answer what was asked before the client said that nothing more comes.

        True keeps the connection open; what is not whole is refused.
        """
        if self._phase is Phase.REFUSED:
            return False
        if self._phase is Phase.BODY or self._in_head:
            self._refuse(http.HTTPStatus.BAD_REQUEST)
            return True
        self._disarm()
        self._half_closed = not self._quiet()
        return self._half_closed

    def on_message_begin(self) -> None:
        """Note that a request's header block begins."""
        super().on_message_begin()
        self._phase = Phase.HEADERS
        self._in_head = True
        self._headers_before = 0
        if len(self.pipeline) >= PIPELINE_MAX:
            self._break_off(http.HTTPStatus.TOO_MANY_REQUESTS)

    def on_headers_complete(self) -> None:
        """Start the body's deadline; uvicorn starts the application, unless the door is shut."""
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            return  # it comes again, without asking for another protocol
        # A fault up to here is the head's: no cycle is this request's yet.
        self._bound_head()
        try:
            check_head(self.parser.get_http_version(), self.headers)
            self.url = origin_form(self.url, self.parser.get_method())
        except Fault as fault:
            self._break_off(fault.status)
        if self.parser.get_http_version() == "1.0":
            # Such a client knows no answer before the answer (RFC 9110, 10.1.1).
            self.expect_100_continue = False
        self._overhead_bytes = 0
        self._in_head = False
        self._turned_away = self._at_the_door()
        if self._turned_away is None:
            if self.timeout_keep_alive_task is not None:
                self._unset_keepalive_if_required()
            super().on_headers_complete()
            self._application_called = True
            if self._one_too_many:
                self.cycle.keep_alive = False
        # The parser reports trailers as headers. A check of the headers that came before has not
        # seen them. So trailers go to a list that nobody reads.
        self._headers_before = len(self.headers)
        self.headers = []
        self._phase = Phase.BODY

    def on_body(self, body: bytes) -> None:
        """Note progress: only bytes that are no body count as overhead."""
        self._overhead_bytes = 0
        if self._turned_away is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is all here; nothing more is expected from the client."""
        if self._in_head:
            return  # only the head of one that comes again
        if self.headers and self._has_many_headers():  # trailers
            self._break_off(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._requests_received += 1
        self._phase = Phase.IDLE
        self._overhead_bytes = 0
        if self._turned_away is None:
            super().on_message_complete()
            self._heed_trailers()
        else:
            self._turn_away(self._turned_away)
            self._turned_away = None

    def _heed_trailers(self) -> None:
        """Close behind the answer if a trailer says so: the parser reads nothing behind it."""
        if self.headers and self.cycle.keep_alive and not self.parser.should_keep_alive():
            self.cycle.keep_alive = False
            if self.cycle.response_complete:
                self.transport.close()

    def on_response_complete(self) -> None:
        """Send a refusal that waited for the answers before it."""
        was_last = not self.pipeline
        super().on_response_complete()
        if not was_last:
            return
        if self._refusal_due is not None:
            self._unset_keepalive_if_required()
            self._send_refusal(self._refusal_due)
        elif self._half_closed:
            self.transport.close()

    def _quiet(self) -> bool:
        """Whether all requests before are answered, so that a refusal could be said at once."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _glanced(self, data: bytes) -> bool:
        """Refuse what came, if it is one whole request and the door is shut; before parsing it."""
        self._let_in = False
        between = self._phase is Phase.IDLE or not (self._requests_received or self._received)
        if self._one_too_many or not between or not self._quiet():
            self._received = True
            return False
        door, inside = self._door, len(self.tasks)
        self._let_in = door is None or door.lets_in(data, inside)
        answer = None if self._let_in or door is None else door.glance(data, inside)
        if answer is None:
            self._received = True
            return False
        self._phase = Phase.IDLE
        self._requests_received += 1
        self._disarm()
        self._say(answer)
        return True

    def _at_the_door(self) -> bytes | None:
        """The refusal of the request whose headers are here; None when it goes in.

        Asked only where an answer would go out in order. Other requests are bounded by the queue of
        the writer.
        """
        if self._let_in or self._door is None or self.expect_100_continue:
            return None
        if not self._quiet():
            return None
        if self._one_too_many:
            return self._door.one_too_many(self.url, self.headers)
        method = self.parser.get_method()
        return self._door.refusal(method, self.url, self.headers, len(self.tasks))

    def _turn_away(self, answer: bytes) -> None:
        """Answer a request that came in pieces, or the connection's last."""
        if self._one_too_many or not self.parser.should_keep_alive():
            head, _, body = answer.partition(b"\r\n\r\n")
            self.transport.write(b"%b\r\nconnection: close\r\n\r\n%b" % (head, body))
            self.transport.close()
        else:
            self._say(answer)

    def _say(self, answer: bytes) -> None:
        """Answer in place of the application, which never hears of the request."""
        self.server_state.total_requests += 1
        self.transport.write(answer)
        rest = self._door.rest_seconds() if self._door is not None else 0.0
        if rest > 0:
            self.flow.pause_reading()
            self.loop.call_later(rest, self._rested)
        # A timer that runs already is not moved for every refusal: it looks here when it ends.
        self._turned_away_at = self.loop.time()
        self._start_idle_timer()

    def _rested(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def _has_many_headers(self) -> bool:
        """Whether a head and the trailers after its body are more than anybody has a use for."""
        return len(self.headers) + self._headers_before > HEADERS_MAX

    def _bound_head(self) -> None:
        """Refuse a head with too many headers, or with too long a target and headers together."""
        large = self._has_many_headers()
        # The bytes since the last body, with the bytes around it, are no fewer than this head has.
        if not large and self._overhead_bytes + self._chunk_bytes > HEADER_BLOCK_BYTES_MAX:
            sizes = [len(name) + len(value) for name, value in self.headers]
            large = len(self.url) + sum(sizes) > HEADER_BLOCK_BYTES_MAX
        if large:
            self._break_off(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _break_off(self, status: int) -> NoReturn:
        """End the parser's run; what it then could not read is refused with `status`."""
        self._fault = status
        raise Fault(status)

    def _refuse(self, status: int) -> None:
        """Take nothing more from this client; answer when the answers before this one are out."""
        if self._phase is Phase.REFUSED:
            return
        in_body = self._phase is Phase.BODY
        self._phase = Phase.REFUSED
        self._disarm()
        cycle = self.cycle
        if in_body and self.pipeline:
            # The refused request itself is queued, and must never be run.
            self.pipeline.popleft()
            self._refusal_due = status
        elif in_body and self._turned_away is not None:
            self._send_refusal(status)
        elif in_body:
            # The application is told that its client is gone, before it can answer as well.
            cycle.disconnected = True
            cycle.message_event.set()
            self._send_refusal(None if cycle.response_started else status)
        elif self._application_called and not cycle.response_complete:
            self._refusal_due = status
        else:
            self._send_refusal(status)

    def _send_refusal(self, status: int | None) -> None:
        """Answer, if there is something to say, and close without losing the answer on the way."""
        self.flow.resume_reading()
        if self.transport.is_closing():
            return
        if status is None or not self.transport.can_write_eof():
            if status is not None:
                self.transport.write(last_answer(status))
            self.transport.close()
        else:
            self.transport.write(last_answer(status))
            # Closing with unread bytes would reset the connection and destroy the answer.
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def _door_of(app: Any) -> Door | None:
    """The door that the application carries; uvicorn may have wrapped the application once."""
    door = getattr(getattr(app, "app", app), "door", None)
    return door if isinstance(door, Door) else None


def _news_of(app: Any) -> News | None:
    """See `_door_of`."""
    news = getattr(getattr(app, "app", app), "news", None)
    return news if isinstance(news, News) else None


def deadline_protocol(
    headers_seconds: float = HEADERS_SECONDS_DEFAULT,
    body_seconds: float = BODY_SECONDS_DEFAULT,
    connections_max: int = CONNECTIONS_MAX_DEFAULT,
) -> type[asyncio.Protocol]:
    """A class of protocols with these bounds, for uvicorn's `Config(http=...)`.

    The result can be pickled, because uvicorn hands it to several processes.

    Raises: ValueError: a deadline is not positive.
    """
    if not (headers_seconds > 0 and body_seconds > 0):
        raise ValueError(f"deadlines must be positive: {headers_seconds!r}, {body_seconds!r}")
    make = partial(
        DeadlineProtocol,
        headers_seconds=headers_seconds,
        body_seconds=body_seconds,
        connections_max=connections_max,
    )
    return cast("type[asyncio.Protocol]", make)
