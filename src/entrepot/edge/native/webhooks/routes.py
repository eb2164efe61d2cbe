"""The native API's webhooks: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

import secrets

from entrepot.core import ids, scopes
from entrepot.core.decide.subscribe import (
    ChangeSecret,
    ChangeWebhook,
    MakeWebhook,
    Redeliver,
    RemoveWebhook,
)
from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.core.webhooks import OLD_SECRET_LASTS, url_fault
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.native import as_read, bodies, lists, paging
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.documented import BODY_ERRORS, CHANGED, ERRORS, KEY, NOT_FOUND, REPLAYED
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.edge.native.webhooks import wire, write
from entrepot.store.reading import event_log, webhooks
from entrepot.writer.envelope import Answer

_READ, _WRITE = Scoped(scopes.SETTINGS_READ), Scoped(scopes.SETTINGS_WRITE)
_MAKE, _CHANGE = bodies.decoder(wire.MakeWebhook), bodies.decoder(wire.ChangeWebhook)
_PARTS = ("url", "types", "format")
_SECRET_BYTES = 32


async def list_webhooks(call: Call) -> Answer:
    """A page of webhooks."""
    return await lists.by_id(
        call, wire.WebhookQuery, webhooks.listed, write.webhook, wire.WebhookPage
    )


async def get_webhook(call: Call) -> Answer:
    """Answer with one webhook."""
    bodies.no_query(call)
    found = await call.read(webhooks.one, _id(call, "id", "webhook"))
    if found is None:
        raise _unknown("webhook")
    return Answer(200, write.encode(write.webhook(found)))


async def make_webhook(call: Call) -> Answer:
    """Make a webhook, and show its secret once."""
    bodies.no_query(call)
    told, body = await bodies.read(call, _MAKE)
    key = bodies.keyed(call, "makeWebhook", _PARTS, body)
    try:
        _look_at(call, told.url)
    except Refused as refused:
        raise await call.repeat_or(refused, key) from refused
    secret = secrets.token_bytes(_SECRET_BYTES)
    command = MakeWebhook(
        call.principal.org, NAME, told.url, tuple(told.types), told.format,
        call.services.seal_secret(call.principal.org, secret),
    )  # fmt: skip
    answer = await call.submit(command, write.answered(call.request_id, 201, None), key)
    made_now = answer.status == 201 and not call.replayed
    return write.with_secret(answer, secret) if made_now else answer


async def change_webhook(call: Call) -> Answer:
    """Change a webhook; what was sent before stays sent."""
    bodies.no_query(call)
    webhook_id = _id(call, "id", "webhook")

    def make(told: wire.ChangeWebhook) -> ChangeWebhook:
        if told.url is not None:
            _look_at(call, told.url)
        return ChangeWebhook(
            call.principal.org, NAME, webhook_id, told.url,
            None if told.types is None else tuple(told.types), told.format, told.active,
        )  # fmt: skip

    command, key = await as_read.changing(
        call, _CHANGE, lambda: call.read(webhooks.one, webhook_id), write.webhook,
        lambda body: bodies.keyed(call, "changeWebhook", (*_PARTS, "active"), body, webhook_id),
        make,
    )  # fmt: skip
    return await call.submit(command, write.answered(call.request_id), key)


async def renew_secret(call: Call) -> Answer:
    """Sign with another secret, which is shown once; for a day with the one before as well."""
    bodies.no_query(call)
    webhook_id, org = _id(call, "id", "webhook"), call.principal.org
    key = bodies.keyed(call, "renewSecret", (), bodies.Body({}), webhook_id)
    found = await call.read(webhooks.one, webhook_id)
    # What is not there is refused by the decision: a repeat has its answer also afterwards.
    before = b"" if found is None else found.secret
    secret, until = secrets.token_bytes(_SECRET_BYTES), call.now() + OLD_SECRET_LASTS
    kept = call.services.renew_secret(org, before, secret, until)
    command = ChangeSecret(org, NAME, webhook_id, before, kept)
    answer = await call.submit(command, write.answered(call.request_id, 200, None), key)
    made_now = answer.status == 200 and not call.replayed
    return write.with_secret(answer, secret) if made_now else answer


async def remove_webhook(call: Call) -> Answer:
    """Remove a webhook: nothing more is sent to it."""
    bodies.no_query(call)
    webhook_id = _id(call, "id", "webhook")
    key = bodies.keyed(call, "removeWebhook", (), bodies.Body({}), webhook_id)
    command = RemoveWebhook(call.principal.org, NAME, webhook_id)
    return await call.submit(command, write.answered(call.request_id), key)


async def list_deliveries(call: Call) -> Answer:
    """A page of deliveries."""
    asked = bodies.query(call, wire.WebhookQuery)
    webhook_id = _id(call, "id", "webhook")
    if await call.read(webhooks.one, webhook_id) is None:
        raise _unknown("webhook")
    pages = paging.Pages(call, asked)
    before = pages.number_after()
    found = await call.read(webhooks.deliveries, webhook_id, before, asked.limit + 1)
    shown, after = pages.cut(found, lambda one: one.number)
    listed = list(map(write.delivery, shown))
    return Answer(200, write.encode(wire.DeliveryPage(listed, after)))


async def redeliver(call: Call) -> Answer:
    """Have an event sent to a webhook once more."""
    bodies.no_query(call)
    webhook_id, delivery_id = _id(call, "id", "webhook"), _id(call, "delivery", "delivery")
    key = bodies.keyed(call, "redeliver", (), bodies.Body({}), webhook_id, delivery_id)
    try:
        number = await _number(call, webhook_id, delivery_id)
    except Refused as refused:
        raise await call.repeat_or(refused, key) from refused
    command = Redeliver(call.principal.org, webhook_id, number)
    return await call.submit(command, write.answered(call.request_id, 202), key)


async def _number(call: Call, webhook_id: bytes, delivery_id: bytes) -> int:
    """The number of the event that a delivery sent. Refused: an event that is gone."""
    found = await call.read(webhooks.delivery, webhook_id, delivery_id)
    if found is None:
        raise _unknown("delivery")
    events = await call.read(event_log.following, found.number - 1, 1)
    if not events or events[0].number != found.number:
        raise refuse(Reason.ILLEGAL_MOVE, "the event is in the archive, and is not sent again")
    return found.number


def _look_at(call: Call, url: str) -> None:
    fault = url_fault(url, private=call.services.private_webhooks)
    if fault is not None:
        raise refuse(Reason.INVALID, fault, "url")


def _id(call: Call, member: str, what: str) -> bytes:
    """An id of the path. Refused: what is no id."""
    found = ids.spelled(call.path_ids[member])
    if found is None:
        raise _unknown(what)
    return found


def _unknown(what: str) -> Exception:
    return refuse(Reason.NO_SUCH_ROUTE, f"No such {what} is known here.")


_UUID = {"type": "string", "format": "uuid"}
_WEBHOOK = Parameter("id", "path", _UUID, True, "The webhook's id.")
_PAGE = bodies.parameters(wire.WebhookQuery, limit=LIMIT_TEXT, after=AFTER_TEXT)
OPERATIONS = (
    Operation(
        method="GET", path="/v1/webhooks", operation_id="listWebhooks", summary="List webhooks",
        handler=list_webhooks, access=_READ, tag="Webhooks", parameters=_PAGE,
        responses={200: Response("A page of webhooks", wire.WebhookPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/webhooks", operation_id="makeWebhook", summary="Make a webhook",
        handler=make_webhook, access=_WRITE, tag="Webhooks", parameters=(KEY,),
        body=wire.MakeWebhook,
        description="Events that follow are sent to the address, in the order of their numbers, "
        "signed as Standard Webhooks says. The secret is shown in this answer and never again; a "
        "repeat under an `Idempotency-Key` has `null` in its place.",
        responses={201: Response("The webhook, with its secret", wire.Webhook, REPLAYED),
                   **BODY_ERRORS},
    ),
    Operation(
        method="GET", path="/v1/webhooks/{id}", operation_id="getWebhook", summary="Get a webhook",
        handler=get_webhook, access=_READ, tag="Webhooks", parameters=(_WEBHOOK,),
        responses={200: Response("The webhook", wire.Webhook), **ERRORS, 404: NOT_FOUND},
    ),
    Operation(
        method="PATCH", path="/v1/webhooks/{id}", operation_id="changeWebhook",
        summary="Change a webhook", handler=change_webhook, access=_WRITE, tag="Webhooks",
        parameters=(_WEBHOOK, KEY), body=wire.ChangeWebhook,
        responses={200: Response("The webhook as it now is", wire.Webhook, REPLAYED),
                   **BODY_ERRORS, 404: NOT_FOUND},
    ),
    Operation(
        method="POST", path="/v1/webhooks/{id}/secret", operation_id="renewSecret",
        summary="Sign with another secret", handler=renew_secret, access=_WRITE, tag="Webhooks",
        parameters=(_WEBHOOK, KEY),
        description="The new secret is shown in this answer and never again. For a day the secret "
        "before signs each message as well: `webhook-signature` has two signatures, with a blank "
        "between.",
        responses={200: Response("The webhook, with its new secret", wire.Webhook, REPLAYED),
                   **CHANGED},
    ),
    Operation(
        method="DELETE", path="/v1/webhooks/{id}", operation_id="removeWebhook",
        summary="Remove a webhook", handler=remove_webhook, access=_WRITE, tag="Webhooks",
        parameters=(_WEBHOOK, KEY),
        responses={200: Response("The webhook, which is removed", wire.Webhook, REPLAYED),
                   **CHANGED},
    ),
    Operation(
        method="GET", path="/v1/webhooks/{id}/deliveries", operation_id="listDeliveries",
        summary="List deliveries", handler=list_deliveries, access=_READ, tag="Webhooks",
        parameters=(_WEBHOOK, *_PAGE),
        responses={200: Response("A page of deliveries", wire.DeliveryPage), **ERRORS,
                   404: NOT_FOUND},
    ),
    Operation(
        method="POST", path="/v1/webhooks/{id}/deliveries/{delivery}/redeliver",
        operation_id="redeliver", summary="Send an event once more", handler=redeliver,
        access=_WRITE, tag="Webhooks",
        parameters=(
            _WEBHOOK, Parameter("delivery", "path", _UUID, True, "The delivery's id."), KEY,
        ),
        responses={202: Response("The event is sent again", wire.Webhook, REPLAYED), **CHANGED},
    ),
)  # fmt: skip
