"""What a simulated service has to say for itself: its routes, its refusals, its keys."""

from __future__ import annotations

import json
import re
import secrets
import string
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

from entrepot.simulators.exchange import Call, Fault, Json, Reply, read_form
from entrepot.simulators.ledger import Entry, Ledger

DAY = 86_400.0
_LAPSE_SECONDS = 60  # holds last for days
_LETTERS = string.ascii_letters + string.digits


class Route(NamedTuple):
    """An operation of the service's API."""

    method: str
    path: re.Pattern[str]
    operation: str  # one of script.OPERATIONS, or empty where no script applies
    perform: Callable[[Call], Reply]


def route(method: str, path: str, operation: str, perform: Callable[[Call], Reply]) -> Route:
    """A route; ``{}`` in its path is one part that the call is given in `found`."""
    pattern = re.escape(path).replace(r"\{\}", "([^/]+)")
    return Route(method, re.compile(pattern + "/?"), operation, perform)


class Service(ABC):
    """A service that is played. Its methods change the ledger within one transaction."""

    name: str
    key_header: str
    key_seconds: float
    """For how long the service promises to remember an idempotency key."""
    routes: list[Route]

    def __init__(self, ledger: Ledger, *, credential: str = "", secret: str = "") -> None:
        """`credential` is the only one that is taken; an empty one takes all. `secret` signs
        notifications.
        """
        self.ledger = ledger
        self.credential = credential
        self.secret = secret
        self._lapsed_at: tuple[float, float] | None = None

    # ---------------------------------------------------------------- the clock

    def now(self) -> float:
        """The time in seconds, by the simulator's own clock."""
        return time.time() + float(self.ledger.fact("clock_ahead", 0.0))

    def let_lapse(self) -> None:
        """Let go of the holds whose time is over, after the clock was moved, or now and then."""
        state = (float(self.ledger.fact("clock_ahead", 0.0)), time.time() // _LAPSE_SECONDS)
        if state != self._lapsed_at:
            self._lapsed_at = state
            self.lapse()

    # ---------------------------------------------------------------- what each service says

    @abstractmethod
    def refused(self, call: Call) -> Reply | None:
        """The refusal of a call whose credentials are wrong, or None."""

    @abstractmethod
    def no_route(self, call: Call) -> Reply:
        """The answer where there is nothing at the path."""

    @abstractmethod
    def refusal(self, kind: str, call: Call) -> Reply:
        """The refusal of kind ``mismatch``, ``busy``, ``limited``, ``failed``, ``unavailable``,
        ``unreadable`` or ``key_too_long``.
        """

    @abstractmethod
    def saves(self, reply: Reply) -> bool:
        """Whether an answer is saved under the call's key."""

    @abstractmethod
    def notified(self, told: Json, *, forged: bool) -> tuple[dict[str, str], bytes]:
        """The headers and body of a notification, signed; with a wrong signature if forged."""

    @abstractmethod
    def settle(self, name: str, outcome: str) -> int:
        """Say what becomes of pending objects of this id or reference; how many there were."""

    @abstractmethod
    def undo(self, name: str, operation: str, code: str) -> int:
        """Have captures or refunds that were done fail after all, by their id, payment or reference
        (empty: all); how many there were. `code`: the service's word for what happened, or empty.
        """

    @abstractmethod
    def dispute(self, name: str, outcome: str) -> int:
        """Have the customers of payments dispute them (``opened``), or disputes end ``won`` or
        ``lost`` by the shop; how many there were.
        """

    @abstractmethod
    def lapse(self) -> None:
        """Let go of the holds whose time is over."""

    def prepare(self) -> None:
        """Make what the service has from its first day on."""
        return

    def remembers(self, call: Call) -> float:  # noqa: ARG002 - some look at the call
        """For how many seconds the key of a call is remembered."""
        return self.key_seconds

    def replayed(self, call: Call, saved: Reply) -> Reply:  # noqa: ARG002 - some look at the call
        """The answer to a repeat under a key, made of the saved one."""
        return saved

    def operation_of(self, call: Call, operation: str) -> str:  # noqa: ARG002 - some look at the call
        """The operation of a call, where the route alone does not tell."""
        return operation

    def texts(self, call: Call) -> str:
        """All texts in which a reference may name a script."""
        return call.body.decode("utf-8", "replace")

    def read(self, call: Call) -> Json:
        """The members of a call's body, or of its query. Raises Fault."""
        if call.method == "GET":
            return call.query
        kind = call.headers.get("content-type", "")
        if "form" in kind:
            return read_form(call.body.decode("utf-8", "replace"))
        if not call.body:
            return {}
        try:
            told = json.loads(call.body)
        except (ValueError, RecursionError):
            raise Fault(self.refusal("unreadable", call)) from None
        return told if isinstance(told, dict) else {}

    # ---------------------------------------------------------------- for those that answer

    def enter(  # noqa: PLR0913, PLR0917 - the columns of an entry
        self, payment: str, kind: str, units: int, currency: str, thing: str, call: Call | None,
        about: Json | None = None,
    ) -> None:  # fmt: skip
        """Add a movement of money to the ledger."""
        key = call.key if call is not None else None
        entry = Entry(payment, kind, units, currency.upper(), thing, key, about or {})
        self.ledger.enter(self.now(), entry)

    def notify(self, told: Any) -> None:
        """Keep a notification, to be sent once the call's transaction is committed."""
        copies = 2 if self.ledger.fact("notices_mode") == "doubled" else 1
        late = float(self.ledger.fact("notices_late", 0.0))
        for _ in range(copies):
            self.ledger.add_notice(time.time() + late, told)


def name_of(prefix: str, length: int = 24) -> str:
    """A new id, as the services spell theirs."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


def capitals(length: int) -> str:
    """A new id of capitals and digits."""
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(length))
