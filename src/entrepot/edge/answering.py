"""A whole body in one read, and a whole answer in one write.

uvicorn hands a body over in messages, and each message is waited for. uvicorn takes an answer in
two messages and checks each header again, by pattern and by name. These checks are a tenth of what
an order costs. Answers whose headers are all made here do not need them. We repeat uvicorn's other
side effects here, and leave every unusual case to uvicorn.
"""

from __future__ import annotations

import http
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_Headers = list[tuple[bytes, bytes]]


def last_answer(status: int) -> bytes:
    """The last answer of a connection that is closed for what the client sent, or did not send."""
    phrase = http.HTTPStatus(status).phrase
    retry = "retry-after: 1\r\n" if status == http.HTTPStatus.TOO_MANY_REQUESTS else ""
    return (
        f"HTTP/1.1 {status:d} {phrase}\r\n"
        "content-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(phrase)}\r\n"
        f"{retry}connection: close\r\n"
        f"\r\n{phrase}"
    ).encode("ascii")


class _DefaultHeaders:
    """The headers that uvicorn puts before all others, as text. uvicorn makes its list anew at
    times.
    """

    def __init__(self) -> None:
        self._known: _Headers = []
        self._text = b""

    def text(self, headers: _Headers) -> bytes:
        if headers is not self._known:
            self._known, self._text = headers, lines(headers)
        return self._text


_default_headers = _DefaultHeaders()


def lines(headers: _Headers) -> bytes:
    """Headers as they go over the wire. Their makers see to it that no line breaks are in them."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def body_at_once(receive: Any) -> bytes | None:
    """The body of the request that `receive` belongs to, where all of the body is here.

    None, and nothing is read, in every other case: another server, a body that still comes, a
    client that is gone or waits to be told to go on.
    """
    cycle = getattr(receive, "__self__", None)
    if (
        type(cycle) is not RequestResponseCycle
        or cycle.more_body
        or cycle.disconnected
        or cycle.response_complete
        or cycle.waiting_for_100_continue
    ):
        return None
    cycle.flow.resume_reading()
    cycle.message_event.clear()
    body = bytes(cycle.body)
    cycle.body = bytearray()
    return body


def answer_at_once(send: Any, status: int, head: bytes, headers: _Headers, body: bytes) -> bool:
    """Write the answer to the request that `send` belongs to: `head` and these headers, then body.

    False, and nothing is written, where that is not all that has to be done: another server, an
    access log, HEAD, a connection that is to be closed, a client that does not read.
    """
    cycle = getattr(send, "__self__", None)
    if (
        type(cycle) is not RequestResponseCycle
        or cycle.access_log
        or cycle.response_started
        or cycle.disconnected
        or not cycle.keep_alive
        or cycle.flow.write_paused
        or cycle.scope["method"] == "HEAD"
    ):
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    defaults = _default_headers.text(cycle.default_headers)
    cycle.transport.write(
        b"%b%b%b%bcontent-length: %d\r\n\r\n%b"
        % (STATUS_LINE[status], defaults, head, lines(headers), len(body), body)
    )
    cycle.message_event.set()
    cycle.on_response()
    return True
