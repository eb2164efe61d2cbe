"""How long a connection may take: to send a request, to take an answer, to say nothing.

uvicorn bounds how long an idle connection is kept, but not how long a request may take to arrive:
a client that sends a byte a minute holds its connection for ever. Here the header block and the
body each have an absolute deadline, which no further byte moves.
"""

from __future__ import annotations

import asyncio
import enum
import http
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

HEADERS_SECONDS_DEFAULT: Final = 10.0
BODY_SECONDS_DEFAULT: Final = 30.0
# How long a client may leave an answer untaken that does not fit into the buffers on the way.
UNTAKEN_SECONDS: Final = 30.0


class Phase(enum.Enum):
    """Phases of a connection."""

    IDLE = enum.auto()  # between requests: uvicorn's keep-alive timer rules
    HEADERS = enum.auto()
    BODY = enum.auto()
    REFUSED = enum.auto()  # whatever still arrives is thrown away


class TimedProtocol(HttpToolsProtocol):
    """uvicorn's httptools protocol, whose phase has a deadline, in seconds.

    `headers_seconds` counts from the connection for its first request, and from the first byte of
    the request for every later one; `body_seconds` counts from the end of the headers.
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
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.headers_seconds = headers_seconds
        self.body_seconds = body_seconds
        self._phase = Phase.HEADERS
        self._application_called = False
        self._requests_received = 0
        self._deadline: asyncio.TimerHandle | None = None
        # The request and phase of the deadline. The deadline moves only when one of the two
        # changes.
        self._deadline_of: tuple[int, Phase] | None = None
        self._untaken: asyncio.TimerHandle | None = None
        self._turned_away_at = 0.0

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline with the connection."""
        self._phase = Phase.REFUSED
        self._disarm()
        self._stop_waiting()
        super().connection_lost(exc)

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

    def _start_idle_timer(self) -> None:
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _keep_idle_timer(self) -> None:
        """Start the keep-alive timer for a body that ended after its answer; uvicorn does not."""
        answered = self._application_called and self.cycle.response_complete
        if answered and self._phase is Phase.IDLE:
            self._start_idle_timer()

    def _arm(self) -> None:
        """Set the deadline of the phase the connection is in, unless it is already running."""
        if self._phase in (Phase.IDLE, Phase.REFUSED):
            if self._deadline is not None:
                self._disarm()
            return
        deadline_of = (self._requests_received, self._phase)
        if deadline_of == self._deadline_of:
            return
        self._disarm()
        self._deadline_of = deadline_of
        in_headers = self._phase is Phase.HEADERS
        seconds = self.headers_seconds if in_headers else self.body_seconds
        self._deadline = self.loop.call_later(seconds, self._on_deadline)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._deadline_of = None

    def _on_deadline(self) -> None:
        self._deadline = self._deadline_of = None
        if self.flow.read_paused:
            # This server does not read at the moment, so the client cannot be late yet.
            self._arm()
            return
        self._refuse(http.HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: int) -> None:
        """Take nothing more from this client, and tell it `status` where that is still due."""
        raise NotImplementedError
