"""A request of the native API without a server: a handler reads all of it, and comes no further."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from entrepot.core.scopes import MEANINGS
from entrepot.edge.access import Principal
from entrepot.edge.dialect import Call
from entrepot.store.reading import partners

UUID = "01981e6a-7c00-7000-8000-000000000001"


class Asking(Call):
    """Whatever it asks the book for is found, under some id; but no customer."""

    async def read(self, question: Any, *_: Any, **__: Any) -> Any:
        if question is partners.partner:
            return None
        return [SimpleNamespace(id=b"\x01" * 16, number=1, name="id")]


def asking(body: object = None, query: str = "", made: type[Asking] = Asking) -> Asking:
    """A request with this body and query, by a key with every scope."""
    names = {"id": UUID, "ref": UUID, "delivery": UUID, "provider": "stripe"}
    principal = Principal(7, b"o" * 16, b"t" * 16, "", scopes=frozenset(MEANINGS))
    services: Any = SimpleNamespace()
    sent = b"" if body is None else json.dumps(body).encode()
    return made(services, "request-1", "POST", names, query.encode(), {}, principal, sent)
