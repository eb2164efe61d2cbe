"""A dialect provides a table of operations, a table of refusals, and a way to find the caller. A
dialect is given `Call`. Nothing here knows a path or a status code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar
from urllib.parse import parse_qsl

import msgspec

from entrepot.core import ids
from entrepot.core.commands import Command
from entrepot.core.expected import ANY, Expected
from entrepot.core.refusal import FAULTS_MAX, Reason, Refusal, Refused, all_of, refuse
from entrepot.edge import every_fault
from entrepot.edge.access import NOBODY, READERS, Access, Principal
from entrepot.edge.keys import idempotency_key
from entrepot.edge.reply import JSON, Reply
from entrepot.edge.services import Services
from entrepot.edge.strict_json import (
    InvalidJson,
    Misshapen,
    decode,
    decode_sound,
)
from entrepot.edge.written import Written
from entrepot.pace import in_slices
from entrepot.store.question import Question
from entrepot.store.reading import answers
from entrepot.store.writing import order_names
from entrepot.writer.envelope import Answer, Envelope, Idempotency, Outcome
from entrepot.writer.idempotency import replay
from entrepot.writer.rehearsal import Rehearsal

P = ParamSpec("P")
T = TypeVar("T")
MIB = 1 << 20
# However a body of this size is made, reading it is over before anybody else would notice.
READ_AT_ONCE_BYTES = 16 * 1024
QUERY_PAIRS_MAX = 100


@dataclass(slots=True)
class Call:
    """A request on its way through a handler."""

    services: Services
    request_id: str
    method: str
    path_ids: Mapping[str, str]
    query_string: bytes
    headers: Mapping[str, str]  # names in lower case; repeats joined by line feeds
    principal: Principal
    body: bytes = b""
    replayed: bool = False
    etag: str | None = None  # of what is answered, where that has a version
    ignored: Sequence[str] = ()  # members of the body that change nothing, for a `Warning`
    is_large: bool = False  # whether work on the body may hold others up

    def query(self, *known: str) -> dict[str, str]:
        """The query parameters among `known`; a repeated one is refused. Others are not shown."""
        found: dict[str, str] = {}
        for name, value in query_pairs(self.query_string):
            if name not in known:
                continue
            if name in found:
                raise refuse(Reason.INVALID, "must be given once", field=name)
            if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
                raise refuse(Reason.INVALID, "holds a character that no text can have", field=name)
            found[name] = value
        return found

    async def read(self, question: Question[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the book, for the caller's organization, in the kind of transaction that the question
        needs.

        A handler reads in no other way.
        """
        if self.principal is NOBODY:
            raise AssertionError("an operation that everybody may call has no organization to read")
        org = self.principal.org
        return await question.ask(self.services.database, org, *args, **kwargs)

    def now(self) -> int:
        """The time, in microseconds since the epoch, that the caller's next command would have."""
        return self.services.writer.now()

    async def named_order(
        self,
        member: str,
        dialect: str,
        question: Question[Concatenate[bytes, P], T | None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T | None:
        """The question's answer for the order that the path's `member` names; None if there is no
        such order.

        Our own id is looked up first. Other names are looked up only if our own id finds nothing.
        """
        own = ids.any_spelling(self.path_ids[member])
        if own is not None:
            found = await self.read(question, own, *args, **kwargs)
            if found is not None:
                return found
        other = await self.order_id(member, dialect)
        return None if other is None else await self.read(question, other, *args, **kwargs)

    async def order_id(self, member: str, dialect: str) -> bytes | None:
        """The id of the order that the path's `member` names in any way; None for no order."""
        return await self.read(order_names.find, self.path_ids[member], dialect)

    async def order_under_key(self, member: str) -> bytes | None:
        """The id of the order that the answer under the request's key is of, where the path's
        `member` names or named the order; None without a key or such an answer.

        A request may change the very name by which it named its order, and somebody else may give
        that name to another order: its repeat means the order that it meant at first.
        """
        key = idempotency_key(self.headers)
        if key is None:
            return None
        return await self.read(answers.order_called, key, self.path_ids[member])

    async def json(self, decoder: msgspec.json.Decoder[T]) -> T:
        """The body, read strictly. Refused: what is no JSON, or not of the decoder's shape."""
        return await self.parsed(lambda body: read_json(body, decoder))

    async def parsed(self, work: Callable[[bytes], T]) -> T:
        """What `work` makes of the body, which is let go of. Others may run while it is large."""
        body, self.body = self.body, b""
        self.is_large = len(body) > READ_AT_ONCE_BYTES
        if not self.is_large:
            return work(body)
        return await in_slices(work, body)

    async def worked(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` makes of the body after it was read. Others may run while it is large."""
        if not self.is_large:
            return work(*args, **kwargs)
        return await in_slices(work, *args, **kwargs)

    async def submit(
        self,
        command: Command,
        answer: Written,
        idempotency: Idempotency | None = None,
        *,
        expected: Expected = ANY,
        whole: bool = False,
    ) -> Answer:
        """Carry a command out and give its answer. `expected`, `whole`: see `Envelope`."""
        envelope = Envelope(
            command, self.request_id, idempotency, answer, None, self.principal.actor, expected,
            whole,
        )  # fmt: skip
        outcome: Outcome = await self.services.writer.begin(envelope)
        if isinstance(outcome.result, Refusal) and outcome.result.retry_after is not None:
            raise Refused(outcome.result)
        self.replayed = outcome.replayed
        return answered(outcome)

    async def repeat_or(self, refused: Refused, idempotency: Idempotency | None) -> Exception:
        """What to raise instead of a refusal by the state of now, which another state may follow:
        Replay, where this request repeats one whose answer is stored; else the refusal.

        A repeat that comes while its request is carried out waits for the answer.
        """
        if idempotency is None:
            return refused
        await self.services.writer.settled(self.principal.org, idempotency.key)
        stored = await self.read(answers.stored, idempotency.key)
        found = None if stored is None else replay(idempotency, stored)
        answer = found.answer if isinstance(found, Outcome) else None
        return refused if answer is None else Replay(answer)

    async def rehearse(
        self,
        command: Command,
        answer: Written,
        *,
        expected: Expected = ANY,
        whole: bool = False,
    ) -> Rehearsal:
        """Decide a command as `submit` does, and keep nothing."""
        envelope = Envelope(
            command, self.request_id, None, answer, None, self.principal.actor, expected, whole
        )
        return await self.services.writer.rehearse(envelope)


def answered(outcome: Outcome) -> Answer:
    """The answer of an outcome whose envelope said how to answer."""
    if outcome.answer is None:
        raise AssertionError("an envelope that says how to answer gets an answer")
    return outcome.answer


def query_pairs(query_string: bytes) -> list[tuple[str, str]]:
    """Every name and value of a query, in order. Refused: more than anybody has a use for.

    Bytes of a value that spell no text are lone surrogates, so that they are no text for whoever
    looks. A name that has such bytes is no name that anybody knows.
    """
    if not query_string:
        return []
    try:
        pairs = parse_qsl(
            query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=QUERY_PAIRS_MAX,
            errors="surrogateescape",
        )  # fmt: skip
    except ValueError as error:
        raise refuse(Reason.INVALID, f"at most {QUERY_PAIRS_MAX} parameters", "query") from error
    return [(name.encode("utf-8", "replace").decode(), value) for name, value in pairs]


def read_json(body: bytes, decoder: msgspec.json.Decoder[T], *, sound: bool = False) -> T:
    """JSON of the decoder's shape, or a refusal that names every field that does not fit.

    `sound` says that the body was read before, so that it is known to have one meaning.
    """
    try:
        return decode_sound(body, decoder) if sound else decode(body, decoder)
    except Misshapen as error:
        raise Refused(all_of(_every_fault(body, decoder.type, error))) from error
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, field=error.path or None) from error


def _every_fault(body: bytes, shape: Any, first: InvalidJson) -> list[Refusal]:
    faults = [first]
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        found = every_fault.of_object(body, shape)
        every = list(islice(found, FAULTS_MAX))
        if every and every_fault.IN_A_MAPPING in first.path:
            return [Refusal(Reason.INVALID, fault.problem, fault.path) for fault in every]
        faults += [fault for fault in every if fault.path != first.path]
    return [Refusal(Reason.INVALID, fault.problem, fault.path or None) for fault in faults]


class Replay(Exception):
    """An answer that was stored under the request's key: a handler that raises it has answered."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("the request repeats one that was answered")
        self.answer = answer


class Parameter(NamedTuple):
    """A parameter for the OpenAPI document. `schema` is its JSON Schema."""

    name: str
    where: str  # path | query | header
    schema: dict[str, Any]
    required: bool = False
    description: str = ""


class Response(NamedTuple):
    """A documented answer: its meaning, the type of its body, its extra headers."""

    description: str
    type: Any
    headers: tuple[str, ...] = ()
    media: str = "application/json"


# How it is documented that the caller has this version already.
UNCHANGED = Response("The version that If-None-Match names", None, ("ETag",))
IF_NONE_MATCH = Parameter(
    "If-None-Match", "header", {"type": "string"}, False,
    "The ETag that is known: 304 where it is still right.",
)  # fmt: skip


@dataclass(slots=True, frozen=True)
class Operation:
    """A row of a dialect's path table."""

    method: str
    path: str  # with {names}
    operation_id: str
    summary: str
    handler: Callable[[Call], Awaitable[Answer | Reply]]
    responses: Mapping[int, Response]
    parameters: tuple[Parameter, ...] = ()
    body: Any = None  # type of the request body
    body_max: int = MIB
    body_optional: bool = False  # a request without a body is one whose members are all absent
    access: Access = READERS
    description: str = ""
    tag: str = "Orders"

    def has_no_version(self) -> bool:
        """Whether what a request changes here bears no ETag that `If-Match` could name."""
        changes = self.method in ("PATCH", "PUT", "DELETE")
        return changes and all(one.name != "If-Match" for one in self.parameters)

    def unknown(self, query_string: bytes) -> list[str]:
        """The names in the query that are no parameter of this operation, each once."""
        known = {one.name for one in self.parameters if one.where == "query"}
        named = dict.fromkeys(name for name, _ in query_pairs(query_string))
        return [name for name in named if name not in known]


@dataclass(slots=True, frozen=True)
class Dialect:
    """A wire contract: what it is called, what it offers, and how it says no."""

    name: str
    title: str
    version: str
    description: str
    operations: tuple[Operation, ...]
    # Prefixes of the paths that are this dialect's even where there is nothing.
    prefixes: tuple[str, ...]
    authenticate: Callable[[Mapping[str, str], Services], Awaitable[Principal]]
    # Total over core.refusal.Reason (tested).
    refuse: Callable[[Refusal, str], Answer]
    security_schemes: Mapping[str, Any] = field(default_factory=dict)
    # Whether a query with an unknown name is refused; if not, a `Warning` header names the name.
    strict_query: bool = True
    # Whether the dialect's handlers look at the whole query, so that all its faults are in one
    # answer.
    own_query: bool = False
    # The media type of every answer that refuses.
    refusal_media: bytes = JSON
    # Headers that a page in a browser may send, whatever its origin; none unless the dialect says
    # so.
    browser_headers: tuple[str, ...] = ()
