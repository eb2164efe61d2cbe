"""The running servers that the facts are tried on, each started when a fact first needs it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from jsonschema import FormatChecker
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from tests.acceptance.test_order_source import Source
from tests.acceptance.test_tokens import Issuer
from tests.contracts import Shape, published
from tests.contracts.facts.konvo_sample import KONVO_SAMPLE
from tests.integration_service import IntegrationService

from entrepot.testing.clients import (
    Body,
    Synq,
    World,
    accepted,
    neighbour,
    speaking,
)
from entrepot.testing.server import Server, eventually

T = TypeVar("T")


class House:
    """One server with the demo, and further ones where a fact needs another setting."""

    def __init__(self, database: Callable[[], str], folder: Callable[[str], Path]) -> None:
        self._database, self._folder = database, folder
        self._open = ExitStack()

    def close(self) -> None:
        """Stop every server."""
        self._open.close()

    def _serve(self, name: str, **env: str) -> Server:
        return self._open.enter_context(Server(self._database(), self._folder(name), env=env))

    @cached_property
    def server(self) -> Server:
        """The server with the default settings, on which most facts are tried."""
        return self._serve("facts")

    @cached_property
    def world(self) -> World:
        """The demo organization."""
        return self._open.enter_context(speaking(self.server))

    @cached_property
    def other(self) -> World:
        """Another organization of the same server."""
        return self._open.enter_context(neighbour(self.server, "Other"))

    @cached_property
    def source(self) -> Source:
        """An order source that answers at the third request for an order."""
        return self._open.enter_context(Source())

    @cached_property
    def sourced(self) -> World:
        """An organization of the same server with that order source."""
        world = self._open.enter_context(neighbour(self.server, "Sourced"))
        org = world.synq.headers["X-Org-ID"]
        self.server.command("org", "source", org, "--url", self.source.template)
        return world

    @cached_property
    def limited(self) -> World:
        """The demo of a server that takes one request a second of an organization."""
        server = self._serve("limited", ENTREPOT_RATE_LIMIT="1")
        return self._open.enter_context(speaking(server))

    @cached_property
    def hooked(self) -> World:
        """The demo of a server whose webhooks may be on this machine."""
        self._hooking = self._serve("hooked", ENTREPOT_WEBHOOKS_PRIVATE="on")
        return self._open.enter_context(speaking(self._hooking))

    def enter(self, context: AbstractContextManager[T]) -> T:
        """Enter a context that ends with the house."""
        return self._open.enter_context(context)

    @contextmanager
    def neighbour_of(self, world: World) -> Iterator[World]:
        """Another organization of the server that the webhooks are tried on."""
        assert world is self.hooked
        with neighbour(self._hooking, uuid.uuid4().hex) as other:
            yield other

    @cached_property
    def integration_service(self) -> IntegrationService:
        """An integration service that knows some connections."""
        return self._open.enter_context(IntegrationService())

    @cached_property
    def integrating(self) -> World:
        """The demo of a server with that integration service."""
        server = self._serve("integrating", **self.integration_service.env)
        return self._open.enter_context(speaking(server))

    @cached_property
    def trusting_clients(self) -> World:
        """The demo of a server that takes a connection's platform from the client."""
        server = self._serve("trusting_clients", ENTREPOT_INTEGRATION_TRUSTS_CLIENTS="on")
        return self._open.enter_context(speaking(server))

    @cached_property
    def issuer(self) -> Issuer:
        """An identity provider."""
        return Issuer(self._folder("issuer"))

    @cached_property
    def trusting(self) -> World:
        """The demo of a server that trusts the identity provider."""
        server = self._serve("trusting", **self.issuer.env)
        return self._open.enter_context(speaking(server))

    @contextmanager
    def fresh(self) -> Iterator[World]:
        """A new organization of the same server."""
        with neighbour(self.server, uuid.uuid4().hex) as world:
            yield world

    def member(self, role: str, world: World | None = None) -> Synq:
        """A Synq client of an organization, the demo's if none is named, with this role."""
        world = world or self.world
        known = world.synq.headers
        org = known["X-Org-ID"]
        words = ("--org", org, "--dialect", "synq", "--role", role, "--json")
        made = json.loads(self.server.command("key", "create", *words))
        credentials = {
            "token": made["token"],
            "tenant_id": known["X-Tenant-ID"],
            "org_id": org,
            "location_id": world.synq.location_id,
        }
        return self._open.enter_context(Synq(self.server.url, credentials))

    # ------------------------------------------------------------ orders that a fact begins with

    def placed(self, **changes: object) -> Body:
        """A Polinate view of an order of our own: made through Polinate, confirmed."""
        world = self.world
        made = world.polinate.create(world.polinate_order(**changes))
        self.confirmed(made["id"])
        return world.polinate.order(made["id"])

    def confirmed(self, any_id: str) -> Body:
        """The Synq view of an order of our own once it is confirmed."""
        return self.world.synq.until(dashed(any_id), "confirmed")

    @cached_property
    def readable(self) -> dict[str, Body]:
        """Orders of each dialect for facts that only read them."""
        return self.origins()

    @cached_property
    def synq_sample(self) -> Body:
        """A confirmed order as Synq reads it."""
        return self.world.synq_created(reference())

    @cached_property
    def konvo_sample(self) -> Body:
        """What Konvo answers to the seed's sample order, told with a telephone number as well."""
        return self.konvo_sampled()

    def konvo_sampled(self) -> Body:
        """The same of one more such order, by the same customer."""
        phone = {"type": "phone", "id": "+15551234567"}
        known = KONVO_SAMPLE["customer"]
        customer = known | {"userIds": [*known["userIds"], phone]}
        told = KONVO_SAMPLE | {"id": str(uuid.uuid4()), "customer": customer}
        answered = self.world.konvo.post(told)
        order: Body = accepted(answered)["result"][0]
        return order

    def origins(self) -> dict[str, Body]:
        """The Polinate view of a new order of each dialect."""
        world = self.world
        ids = {
            "Synq": world.synq_created(reference())["id"],
            "Polinate": self.placed()["id"],
            "Konvo": world.konvo_created(status="paid")["id"],
        }
        return {name: world.polinate.order(polinate_id(one)) for name, one in ids.items()}

    def fetched(self, order_id: str) -> Body:
        """The order of this id at the source, once Polinate can read it."""
        world = self.sourced
        business = world.polinate.business_id
        accepted(world.polinate.post({"orderId": order_id, "businessId": business}), 200)

        def arrived() -> Body | None:
            answer = world.polinate.get(f"/api/v1/orders/{order_id}")
            return answer.json() if answer.status_code == 200 else None

        return eventually(arrived, f"{order_id} is fetched", 120)


def reference() -> str:
    """A payment reference that no other order has."""
    return f"pi_{uuid.uuid4().hex}"


def dashed(any_id: str) -> str:
    """Synq's and Konvo's spelling of an order's id."""
    return str(uuid.UUID(any_id.removeprefix("ord_")))


def polinate_id(any_id: str) -> str:
    """Polinate's spelling of an order's id."""
    return f"ord_{uuid.UUID(any_id.removeprefix('ord_')).hex}"


def valid(value: object, shape: Shape) -> None:
    """Fails where the value is not what the published shape says."""
    # A shape has members, so that it has no hash; all shapes stay for the whole run.
    known = _VALIDATORS.get(id(shape))
    if known is None or known[0] is not shape:
        known = _VALIDATORS[id(shape)] = (shape, _validator(published.schema(shape)))
    known[1].validate(value)


def _validator(schema: Body) -> Validator:
    of: type[Validator] = validator_for(schema)
    of.check_schema(schema)
    return of(schema, format_checker=FormatChecker())


_VALIDATORS: dict[int, tuple[Shape, Validator]] = {}
