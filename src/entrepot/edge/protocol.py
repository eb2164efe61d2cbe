"""Receive deadlines, header limits and bounds of connections for uvicorn's HTTP protocol.

uvicorn bounds how long an idle connection is kept, but not how long a request may take to arrive:
a client that sends a byte a minute holds its connection for ever. Here the header block and the
body each have an absolute deadline, which no further byte moves. Malformed and oversized requests
are answered and closed in order, never in the middle of another answer. Under overload a request
is refused before it is parsed or an application task begins: what is said then is the door's. This
module knows no route, no dialect and no size limit of bodies.
"""

import asyncio
import enum
import http
from functools import partial
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from entrepot.edge.answering import last_answer
from entrepot.edge.door import Door

HEADERS_SECONDS_DEFAULT: Final = 10.0
BODY_SECONDS_DEFAULT: Final = 30.0
CONNECTIONS_MAX_DEFAULT: Final = 10_000
HEADER_BLOCK_BYTES_MAX: Final = 64 * 1024
HEADERS_MAX: Final = 100
# A client that sends more requests than this without waiting for an answer is refused.
PIPELINE_MAX: Final = 16
# Above the bound of connections so many more are kept, to be told so; beyond, they are cut.
SPARE_CONNECTIONS: Final = 256
# How long a client may leave an answer untaken that does not fit into the buffers on the way.
UNTAKEN_SECONDS: Final = 30.0
# How long a refused client may take to read the answer before the connection is cut.
LINGER_SECONDS: Final = 1.0


class _Phase(enum.Enum):
    IDLE = enum.auto()  # between requests: uvicorn's keep-alive timer rules
    HEADERS = enum.auto()
    BODY = enum.auto()
    REFUSED = enum.auto()  # whatever still arrives is thrown away


class _PipelineTooLongError(Exception):
    """More requests without waiting than are kept; ends the parser's run."""


class _HeadersTooLargeError(Exception):
    """The header block, or the trailers, exceed what is read; ends the parser's run."""


class DeadlineProtocol(HttpToolsProtocol):
    """uvicorn's httptools protocol with deadlines for receiving a request, in seconds.

    `headers_seconds` counts from the connection for its first request, and from the first byte of
    the request for every later one; `body_seconds` counts from the end of the headers. On a breach
    the client is answered 408, unless an answer to that request has begun, and is disconnected.
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
        super().__init__(config, server_state, app_state, _loop)
        self.headers_seconds = headers_seconds
        self.body_seconds = body_seconds
        self.connections_max = connections_max
        self._phase = _Phase.HEADERS
        self._application_called = False
        self._requests_received = 0
        self._deadline: asyncio.TimerHandle | None = None
        # Which request and phase the deadline is for: only a change of it moves the deadline.
        self._deadline_of: tuple[int, _Phase] | None = None
        self._header_bytes = 0
        self._overhead_bytes = 0
        self._too_large = self._too_many = False
        self._untaken: asyncio.TimerHandle | None = None
        # The status to answer with once the answers before it are out.
        self._refusal_due: int | None = None
        self._door = _door_of(self.app)
        self._one_too_many = self._received = False
        # The answer of a request that was turned away at its headers, until its body is through.
        self._turned_away: bytes | None = None
        self._turned_away_at = 0.0

    def connection_made(  # type: ignore[override]  # as in uvicorn
        self, transport: asyncio.Transport
    ) -> None:
        """Start the first request's deadline: a client that says nothing is a slow client."""
        super().connection_made(transport)
        connections = len(self.connections)
        self._one_too_many = connections > self.connections_max
        if connections > self.connections_max + SPARE_CONNECTIONS:
            self._phase = _Phase.REFUSED
            transport.abort()
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline with the connection."""
        self._phase = _Phase.REFUSED
        self._disarm()
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, then see which deadline and which limit the connection is under."""
        if self._phase is _Phase.REFUSED or (self._door is not None and self._glanced(data)):
            return
        if self._phase is _Phase.IDLE:
            # Also for bytes that begin no message, such as blank lines: they end the idle time.
            self._phase = _Phase.HEADERS
        self._overhead_bytes += len(data)
        super().data_received(data)
        if self.transport.get_protocol() is not self:  # upgraded: no longer ours
            self._disarm()
            return
        if self._overhead_bytes > HEADER_BLOCK_BYTES_MAX:
            self._refuse(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._arm()
        self._keep_idle_timer()

    def on_message_begin(self) -> None:
        """Note that a request's header block begins."""
        super().on_message_begin()
        self._phase = _Phase.HEADERS
        self._header_bytes = 0
        if len(self.pipeline) >= PIPELINE_MAX:
            self._too_many = True
            raise _PipelineTooLongError

    def on_url(self, url: bytes) -> None:
        """Count the target as a part of the header block."""
        super().on_url(url)
        self._count_header_bytes(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header, or a trailer, which arrives the same way."""
        super().on_header(name, value)
        self._count_header_bytes(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Start the body's deadline; uvicorn starts the application, unless the door is shut."""
        self._phase = _Phase.BODY
        self._overhead_bytes = 0
        self._turned_away = self._at_the_door()
        if self._turned_away is not None:
            return
        self._unset_keepalive_if_required()
        super().on_headers_complete()
        self._application_called = True
        if self._one_too_many:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Note progress: only bytes that are no body count as overhead."""
        self._overhead_bytes = 0
        if self._turned_away is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is all here; nothing more is expected from the client."""
        self._requests_received += 1
        self._phase = _Phase.IDLE
        self._overhead_bytes = 0
        if self._turned_away is None:
            super().on_message_complete()
        else:
            self._turn_away(self._turned_away)
            self._turned_away = None

    def on_response_complete(self) -> None:
        """Send a refusal that waited for the answers before it."""
        was_last = not self.pipeline
        super().on_response_complete()
        if self._refusal_due is not None and was_last:
            self._unset_keepalive_if_required()
            self._send_refusal(self._refusal_due)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's words stay inside
        """Refuse what the parser could not read: uvicorn calls this for every parser error."""
        if self._too_large:
            self._refuse(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._too_many:
            self._refuse(http.HTTPStatus.TOO_MANY_REQUESTS)
        else:
            self._refuse(http.HTTPStatus.BAD_REQUEST)

    def pause_writing(self) -> None:
        """Give the client a bounded time to take what it asked for: until then it is kept here."""
        super().pause_writing()
        self._stop_waiting()
        self._untaken = self.loop.call_later(UNTAKEN_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        self._stop_waiting()
        super().resume_writing()

    def _stop_waiting(self) -> None:
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def _quiet(self) -> bool:
        """Whether all requests before are answered, so that a refusal could be said at once."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def _glanced(self, data: bytes) -> bool:
        """Refuse what came, if it is one whole request and the door is shut; before parsing it."""
        between = self._phase is _Phase.IDLE or not (self._requests_received or self._received)
        if self._one_too_many or not between or not self._quiet():
            self._received = True
            return False
        said = self._door.glance(data, len(self.tasks)) if self._door is not None else None
        if said is None:
            self._received = True
            return False
        self._phase = _Phase.IDLE
        self._requests_received += 1
        self._disarm()
        self._say(said)
        return True

    def _at_the_door(self) -> bytes | None:
        """The refusal of the request whose headers are here; None when it goes in.

        Only where it can be said in order; the other requests are bounded by the writer's queue.
        """
        if self._door is None or self.expect_100_continue or self.parser.should_upgrade():
            return None
        if not self._quiet():
            return None
        if self._one_too_many:
            return self._door.one_too_many(self.url, self.headers)
        method = self.parser.get_method()
        return self._door.refusal(method, self.url, self.headers, len(self.tasks))

    def _turn_away(self, said: bytes) -> None:
        """Answer a request that came in pieces, or the connection's last."""
        if self._one_too_many or not self.parser.should_keep_alive():
            head, _, body = said.partition(b"\r\n\r\n")
            self.transport.write(b"%b\r\nconnection: close\r\n\r\n%b" % (head, body))
            self.transport.close()
        else:
            self._say(said)

    def _say(self, said: bytes) -> None:
        """Answer in place of the application, which never hears of the request."""
        self.server_state.total_requests += 1
        self.transport.write(said)
        rest = self._door.rest_seconds() if self._door is not None else 0.0
        if rest > 0:
            self.flow.pause_reading()
            self.loop.call_later(rest, self._rested)
        # A timer that runs already is not moved for every refusal: it looks here when it ends.
        self._turned_away_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _rested(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection when it has been idle for long, counted from the last refusal."""
        left = self._turned_away_at + self.timeout_keep_alive - self.loop.time()
        if left > 0 and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                left, self.timeout_keep_alive_handler
            )
            return
        if self.transport.get_write_buffer_size() > 0:
            # Closing would wait for ever for a client that does not read.
            self.loop.call_later(UNTAKEN_SECONDS, self.transport.abort)
        super().timeout_keep_alive_handler()

    def _keep_idle_timer(self) -> None:
        """Start the keep-alive timer for a body that ended after its answer; uvicorn does not."""
        answered = self._application_called and self.cycle.response_complete
        if answered and self._phase is _Phase.IDLE and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _count_header_bytes(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > HEADER_BLOCK_BYTES_MAX or len(self.headers) > HEADERS_MAX:
            self._too_large = True
            raise _HeadersTooLargeError

    def _arm(self) -> None:
        """Set the deadline of the phase the connection is in, unless it is already running."""
        if self._phase in (_Phase.IDLE, _Phase.REFUSED):
            self._disarm()
            return
        deadline_of = (self._requests_received, self._phase)
        if deadline_of == self._deadline_of:
            return
        self._disarm()
        self._deadline_of = deadline_of
        in_headers = self._phase is _Phase.HEADERS
        seconds = self.headers_seconds if in_headers else self.body_seconds
        self._deadline = self.loop.call_later(seconds, self._on_deadline)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._deadline_of = None

    def _on_deadline(self) -> None:
        self._deadline = self._deadline_of = None
        if self.flow.read_paused:
            # It is we who are not reading, so the client cannot be late yet.
            self._arm()
            return
        self._refuse(http.HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: int) -> None:
        """Take nothing more from this client; answer when the answers before this one are out."""
        if self._phase is _Phase.REFUSED:
            return
        in_body = self._phase is _Phase.BODY
        self._phase = _Phase.REFUSED
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
    """The door that the application carries in its state; uvicorn may have wrapped it once."""
    door = getattr(getattr(getattr(app, "app", app), "state", None), "door", None)
    return door if isinstance(door, Door) else None


def deadline_protocol(
    headers_seconds: float = HEADERS_SECONDS_DEFAULT,
    body_seconds: float = BODY_SECONDS_DEFAULT,
    connections_max: int = CONNECTIONS_MAX_DEFAULT,
) -> type[asyncio.Protocol]:
    """What makes protocols with these bounds, for uvicorn's `Config(http=...)`.

    It can be pickled, so that uvicorn can hand it to several processes.

    Raises:
        ValueError: a deadline is not positive.
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
