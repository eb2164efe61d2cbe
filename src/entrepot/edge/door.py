"""The door: under overload a write is refused at its headers, before its body is read.

Reading, authenticating and judging a request costs most of what carrying it out costs. A server
that is offered four times what it can do would spend its time on requests that it refuses in the
end. A refusal here is a few bytes that were made at start-up, in the words of the dialect whose
prefix the path has. Requests that only read pass, and so do paths of no dialect: health, metrics,
documents.
"""

from __future__ import annotations

import asyncio
import http
import re
from collections.abc import Callable, Iterable
from typing import Final

import httptools

from entrepot.edge.dialect import Dialect
from entrepot.telemetry import metrics
from entrepot.writer.writer import OVERLOADED, Writer

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}\Z")
# A larger body holds an array of orders, which may wait longer.
BULK_BYTES: Final = 16 * 1024
COUNTED_SECONDS: Final = 0.25
# After this many refusals in that time, a refused connection is not read for its Retry-After
# second. Answering it again at once would cost processor time that orders need.
READILY_REFUSED: Final = 250
_READING: Final = frozenset({b"GET", b"HEAD", b"OPTIONS"})
_READING_BEGINS: Final = b"GHO"
_ID_LENGTH: Final = len(b"x-request-id")
_HERE: Final = "request-id-goes-here"


class _Words:
    """A dialect's refusal for overload, prepared, and how often it was sent."""

    __slots__ = ("answered", "body", "head", "refused")

    def __init__(self, dialect: Dialect) -> None:
        answer = dialect.refuse(OVERLOADED, _HERE)
        phrase = http.HTTPStatus(answer.status).phrase
        self.head = (
            f"HTTP/1.1 {answer.status} {phrase}\r\n"
            f"content-type: {dialect.refusal_media.decode()}\r\n"
            f"retry-after: {OVERLOADED.retry_after:.0f}\r\n"
        ).encode()
        # Around the request id, where the dialect's envelope tells it.
        self.body = tuple(answer.body.split(_HERE.encode()))
        self.answered = metrics.requests.labels(dialect.name, answer.status)
        self.refused = 0

    def refusal_for(self, sent: bytes, new_request_id: Callable[[], str]) -> bytes:
        """The whole answer. `sent` is the client's own request id, kept if it is harmless."""
        request_id = sent if REQUEST_ID.match(sent) else new_request_id().encode()
        body = self.body[0] if len(self.body) == 1 else request_id.join(self.body)
        return b"%bcontent-length: %d\r\nx-request-id: %b\r\n\r\n%b" % (
            self.head, len(body), request_id, body,
        )  # fmt: skip


class Door:
    """The protocol asks the door about every request, once the request's headers are here."""

    def __init__(
        self, writer: Writer, dialects: Iterable[Dialect], new_request_id: Callable[[], str]
    ) -> None:
        self._writer = writer
        self._new_request_id = new_request_id
        self._glance = _Glance()
        self._counting = False
        self._refused = 0  # since they were counted last
        self._words: dict[bytes, _Words] = {}
        for dialect in dialects:
            words = _Words(dialect)
            self._words |= {prefix.encode(): words for prefix in dialect.prefixes}
        longest_first = sorted(self._words, key=len, reverse=True)
        self._prefix = re.compile(rb"(%b)(?=[/?]|\Z)" % b"|".join(map(re.escape, longest_first)))

    def lets_in(self, data: bytes, inside: int) -> bool:
        """Whether what a quiet connection sent is not to be refused, by its first byte."""
        return data[0] in _READING_BEGINS or not self._writer.crowded(inside)

    def glance(self, data: bytes, inside: int) -> bytes | None:
        """The whole answer to what came while writes are refused, if it is one whole request.

        Everything else (None) has to be read the ordinary way, from its first byte. This is the
        path that almost every refusal takes: it makes no scope, no task and no timer.
        """
        seen = self._glance
        if not seen.whole(data):
            self._glance = _Glance()
            return None
        found = self._prefix.match(seen.target)
        if found is None or seen.method in _READING:
            return None
        if len(data) > BULK_BYTES and not self._writer.crowded(inside, bulk=True):
            return None
        return self._refuse(self._words[found[1]], seen.request_id)

    def refusal(
        self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], inside: int
    ) -> bytes | None:
        """The same by the headers alone, for a request that comes in pieces or is the last one.

        `inside` is how many requests this process has let in and not yet answered.
        """
        if method in _READING or not self._writer.crowded(inside):
            return None
        found = self._prefix.match(target)
        told = dict(headers)
        # A body of unsaid length is taken for a large one.
        length = told.get(b"content-length", b"%d" % (BULK_BYTES + 1))
        large = not length.isdigit() or int(length) > BULK_BYTES
        if found is None or (large and not self._writer.crowded(inside, bulk=True)):
            return None
        return self._refuse(self._words[found[1]], told.get(b"x-request-id", b""))

    def one_too_many(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes | None:
        """As `refusal`, for a connection above the bound, whatever it asks of a dialect."""
        found = self._prefix.match(target)
        if found is None:
            return None
        words = self._words[found[1]]
        words.answered.inc()
        metrics.shed.labels("connections").inc()
        return words.refusal_for(dict(headers).get(b"x-request-id", b""), self._new_request_id)

    def rest_seconds(self) -> float:
        """How long a connection that was just refused is not read: until it may come again."""
        return OVERLOADED.retry_after or 0.0 if self._refused > READILY_REFUSED else 0.0

    def _refuse(self, words: _Words, request_id: bytes) -> bytes:
        if not self._counting:
            # Counting each by itself would take a tenth of what a refusal costs.
            self._counting = True
            asyncio.get_running_loop().call_later(COUNTED_SECONDS, self._count)
        words.refused += 1
        self._refused += 1
        return words.refusal_for(request_id, self._new_request_id)

    def _count(self) -> None:
        """Bring the figures up to date."""
        self._counting, self._refused = False, 0
        for words in set(self._words.values()):
            words.answered.inc(words.refused)
            metrics.shed_at_the_door.inc(words.refused)
            words.refused = 0


class _Glance:
    """Reads just enough of one request to know where it ends, where it goes and its id."""

    __slots__ = ("_begun", "_ended", "_parser", "method", "request_id", "target")

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self.method = self.target = self.request_id = b""
        self._begun = self._ended = 0

    def whole(self, data: bytes) -> bool:
        """Whether it is one request, no less and no more, after which the connection goes on.

        If not, this has been used up.
        """
        self.target = self.request_id = b""
        self._begun = self._ended = 0
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return False
        return self._begun == self._ended == 1

    def on_message_begin(self) -> None:
        """Count the beginning: a second request in the same bytes is not for this path."""
        self._begun += 1

    def on_url(self, target: bytes) -> None:
        """Keep it; what does not come at once belongs to no request that is whole."""
        self.target = target

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the request's id."""
        if len(name) == _ID_LENGTH and name.lower() == b"x-request-id":
            self.request_id = value

    def on_message_complete(self) -> None:
        """Count the end, unless it is the connection's too: afterwards the parser knows no more."""
        self.method = self._parser.get_method()
        if self._parser.should_keep_alive():
            self._ended += 1
