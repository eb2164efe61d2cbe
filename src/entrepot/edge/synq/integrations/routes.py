"""Synq's integrations: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from urllib.parse import urlencode

from entrepot.core import ids
from entrepot.core.decide import hear
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.reply import Reply
from entrepot.edge.services import Unverified
from entrepot.edge.synq.documented import BODY_ERRORS, ERRORS, HEADERS
from entrepot.edge.synq.integrations import read, signed, wire, write
from entrepot.edge.synq.wire import Error
from entrepot.store.reading import integrations
from entrepot.telemetry import metrics
from entrepot.writer.envelope import Answer

_UNSET = "no integration service is set up here: set ENTREPOT_INTEGRATION_URL"
_PLAIN = b"text/plain; charset=utf-8"


async def auth_url(call: Call) -> Answer:
    """Say where somebody connects a shop. Nothing is kept."""
    service = call.services.integrations
    if not service.url:
        raise refuse(Reason.NOT_CONFIGURED, _UNSET)
    query = {"category": "commerce", "state": ids.dashed_often(call.principal.tenant_id)}
    if service.workspace:
        query["workspace_id"] = service.workspace
    url = f"{service.url}/integration/auth?{urlencode(query)}"
    return Answer(200, write.encode(wire.AuthUrl(url)))


async def callback(call: Call) -> Answer:
    """Keep the connection of a shop, once the integration service has said which platform it is."""
    body = await call.json(read.CALLBACK)
    provider = await _provider(call, body)
    command = read.connect(body, provider, call.principal)
    return await call.submit(command, write.connected(call.request_id))


async def _provider(call: Call, body: wire.Callback) -> str:
    """The platform of the connection. What the client tells is taken only where the setting says so
    and nobody can be asked.
    """
    service = call.services.integrations
    try:
        return await service.provider(body.connection_id.strip())
    except Unverified as error:
        if service.trusts_clients and body.provider:
            return body.provider
        raise refuse(Reason.UNVERIFIED, str(error), "connection_id") from error


async def list_connections(call: Call) -> Answer:
    """Answer with all connections."""
    found = await call.read(integrations.connections)
    return Answer(200, write.encode(wire.ConnectionList(list(map(write.connection, found)))))


async def push_product(call: Call) -> Answer:
    """Have all active connections told of a product, a moment later."""
    if not call.services.integrations.url:
        raise refuse(Reason.NOT_CONFIGURED, _UNSET)
    body = await call.json(read.PUSH)
    found = await call.read(integrations.connections)
    command = read.push(body, found, call.principal)
    return await call.submit(command, write.queued(call.request_id))


async def receive_event(call: Call) -> Answer | Reply:
    """Take what a connection tells: place its orders, and tell the rest in the log."""
    told = await call.parsed(read.told)
    answer = await _taken(call, told)
    if answer.status != write.OK:
        outcome = hear.REJECTED if answer.status == 400 else "refused"
        metrics.integration_events.labels(outcome).inc()
        return answer
    outcome = hear.REPEATED if call.replayed else answer.body.decode()
    metrics.integration_events.labels(outcome).inc()
    call.replayed = False  # nothing of an earlier answer is repeated: there is no body
    return Reply(200, b"", media=_PLAIN)


async def _taken(call: Call, told: read.Told) -> Answer:
    heard, answer = told.heard, write.heard(call.request_id)
    if told.order is None or heard.external_id is None:
        return await call.submit(read.keep(told, call.principal), answer)
    known = await call.read(integrations.told, heard.connection, heard.external_id)
    if known is None:
        raise refuse(Reason.FORBIDDEN, "the connection is not known here, or not active")
    placed = known.order is not None and known.order.order_id is not None
    command = read.receive(told, known.connection, placed=placed)
    key = None if command.placing is None else read.idempotency(command)
    return await call.submit(command, answer, key)


_SIGNATURE = Parameter(
    signed.HEADER, "header", {"type": "string", "pattern": "^[0-9a-f]{64}$"}, True,
    "HMAC-SHA256 of the body's bytes with the secret, in lower-case hexadecimal digits.",
)  # fmt: skip
_DESCRIBED = (
    "For the integration service, which signs what it sends. An order of a shop is placed once, "
    "however often it is told; one that cannot be placed is 400, and the log says why. Everything "
    "else is told in the log."
)
_HEARD = {200: Response("The event is taken", None), **BODY_ERRORS}


def _webhook(path: str, operation_id: str) -> Operation:
    return Operation(
        method="POST", path=path, operation_id=operation_id, summary="Take an event of a shop",
        handler=receive_event, access=signed.SIGNED, tag="Integrations", parameters=(_SIGNATURE,),
        body=wire.Event, description=_DESCRIBED, responses=_HEARD,
    )  # fmt: skip


OPERATIONS = (
    Operation(
        method="POST", path="/api/v1/integrations/auth-url", operation_id="getAuthUrl",
        summary="Say where a shop is connected", handler=auth_url, access=WRITERS,
        tag="Integrations", parameters=HEADERS,
        responses={200: Response("The address", wire.AuthUrl), **ERRORS},
    ),
    Operation(
        method="POST", path="/api/v1/integrations/callback", operation_id="connectIntegration",
        summary="Connect a shop", handler=callback, access=WRITERS, tag="Integrations",
        parameters=HEADERS, body=wire.Callback,
        description="The platform is looked up at the integration service.",
        responses={201: Response("The shop is connected", wire.Called), **BODY_ERRORS,
                   502: Response("The integration service does not confirm it", Error)},
    ),
    Operation(
        method="GET", path="/api/v1/integrations/connections", operation_id="listConnections",
        summary="List connections", handler=list_connections, tag="Integrations",
        parameters=HEADERS,
        responses={200: Response("All connections", wire.ConnectionList), **ERRORS},
    ),
    Operation(
        method="POST", path="/unified/sync/push/product", operation_id="pushProduct",
        summary="Tell connected shops of a product", handler=push_product, access=WRITERS,
        tag="Integrations", parameters=HEADERS, body=wire.Push,
        description="A push for each active connection, which a worker sends until it is taken. "
        "A deleted product is told to be gone. The log says what became of each push.",
        responses={202: Response("The pushes are queued", wire.Queued), **BODY_ERRORS,
                   404: Response("No such product is known here", Error)},
    ),
    _webhook("/unified/webhook", "receiveEvent"),
    _webhook("/v1/unified/webhooks", "receiveEventToo"),
)  # fmt: skip
