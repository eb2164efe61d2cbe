"""A request to a simulator and the reply, as plain values; and how bodies of forms are read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]

_STEP = re.compile(r"\[([^\]]*)\]")


@dataclass(slots=True)
class Call:
    """A request, with what the script says of it."""

    method: str
    path: str
    query: Json
    headers: dict[str, str]
    body: bytes
    params: Json = field(default_factory=dict)
    """The members of the body, and of the query of a GET."""
    found: tuple[str, ...] = ()
    """The parts of the path that the route names."""
    key: str | None = None
    """The idempotency key."""
    declined: str | None = None
    """The service's code with which the script has this call declined; empty for the usual one."""
    pending: bool = False
    """Whether the script has the outcome told later."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a simulator answers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The body as it is sent."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Fault(Exception):
    """A call that the service refuses; nothing that the call did is kept."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def read_form(text: str) -> Json:
    """A form in the spelling of Stripe's clients: ``metadata[order]=1`` and ``expand[0]=a``.

    A number as a name makes a list; so does an empty name.
    """
    tree: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, _ = name.partition("[")
        path = [head, *_STEP.findall(name[len(head) :])]
        place = tree
        for step in path[:-1]:
            deeper = place.setdefault(step, {})
            if not isinstance(deeper, dict):
                deeper = place[step] = {}
            place = deeper
        last = path[-1] if path[-1] != "" else str(len(place))
        place[last] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = {name: _listed(one) for name, one in value.items()}
    if found and all(name.isascii() and name.isdigit() for name in found):
        return [found[name] for name in sorted(found, key=int)]
    return found
