"""The entrance for notifications of payment services.

A notification is read as bytes, its signature is checked with the secret of the organization's
account, and the notification is kept once. Then the steps are woken that wait for what it names. A
repeat is answered like the first one. Everything else is one 400, which does not say what was
wrong: an unknown organization, another tenant's signature and a forged one look alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

import msgspec

from entrepot.core import actor, ids
from entrepot.core.decide.notice import KeepNotice
from entrepot.core.decide.wake import WakeStep
from entrepot.core.notice import Topics
from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.core.results import NoticeResult
from entrepot.edge.asgi import Entrance, Receive, Scope, Send
from entrepot.edge.body import ClientGone, read_body
from entrepot.edge.endpoint import headers_of
from entrepot.edge.refusals import DEFAULT_STATUS
from entrepot.edge.safe_headers import FOR_JSON
from entrepot.edge.sending import client_address, retry_after, send_answer
from entrepot.edge.services import Services
from entrepot.store.engine import Unavailable
from entrepot.telemetry import log, metrics
from entrepot.writer.envelope import Envelope, Outcome

PATH = "/v1/providers/{provider}/{organization}/notifications"
BODY_MAX = 256 * 1024
EVENT_MAX, REFERENCE_MAX, REFERENCES_MAX = 255, 255, 20
_PROBLEM = b"application/problem+json"
_TAKEN = b'{"received":true}'
_FORGED = "This is no notification that the provider has signed for this organization."


class Read(NamedTuple):
    """A notification whose signature is right, and the organization whose account it is for."""

    org: int
    id: str
    references: tuple[str, ...]
    topics: Topics = Topics()


# Checks a notification: the provider, the organization's id, headers in small letters, the body.
Reader = Callable[[str, bytes, Mapping[str, str], bytes], Awaitable[Read | None]]


def entrance(
    services: Services, read: Reader, known: frozenset[str], new_request_id: Callable[[], str]
) -> Entrance:
    """The entrance. `known`: the providers that there are."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        request_id = new_request_id()
        extra = [*FOR_JSON, (b"x-request-id", request_id.encode())]
        named = scope["path_params"]["provider"]
        provider = named if named in known else "unknown"
        try:
            if scope["method"] != "POST":
                extra.append((b"allow", b"POST"))
                raise refuse(Reason.METHOD_NOT_ALLOWED)  # noqa: TRY301 - one place answers
            outcome = await _take(services, read, scope, receive, request_id)
        except ClientGone:
            return
        except Refused as refused:
            status, refusal = DEFAULT_STATUS[refused.refusal.reason], refused.refusal
            if refusal.retry_after is not None:
                extra.append(retry_after(refusal))
            await send_answer(send, status, _PROBLEM, _problem(status, refusal.sentence), extra)
            return
        except Unavailable:
            later = Refusal(Reason.UNAVAILABLE, retry_after=1.0)
            extra.append(retry_after(later))
            await send_answer(send, 503, _PROBLEM, _problem(503, later.sentence), extra)
            return
        except Exception:
            log.exception("notification.failed", request_id=request_id, provider=provider)
            await send_answer(send, 500, _PROBLEM, _problem(500, "Internal error."), extra)
            return
        metrics.provider_notifications.labels(provider, outcome).inc()
        if outcome == "forged":
            await send_answer(send, 400, _PROBLEM, _problem(400, _FORGED), extra)
        else:
            await send_answer(send, 200, b"application/json", _TAKEN, extra)

    return handle


async def _take(
    services: Services, read: Reader, scope: Scope, receive: Receive, request_id: str
) -> str:
    """What became of the notification: taken, repeated or forged."""
    headers = headers_of(scope["headers"])
    provider, named = scope["path_params"]["provider"], scope["path_params"]["organization"]
    body = await read_body(headers, receive, BODY_MAX)
    organization = ids.spelled(named)
    told = None
    if organization is not None:
        # No service sends a body that is nested so deep that no reader comes to its end.
        with suppress(RecursionError):
            told = await read(provider, organization, headers, body)
    if told is None:
        await services.admission.wrong.tried("notifications", client_address(scope))
        return "forged"
    references = tuple(one for one in told.references if _is_storable(one, REFERENCE_MAX))
    if not references or not _is_storable(told.id, EVENT_MAX):
        return "taken"  # it names nothing that anybody here could wait for
    who = actor.provider(provider)
    named = references[:REFERENCES_MAX]
    keep = KeepNotice(told.org, provider, told.id, named, body, told.topics)
    kept = await services.writer.submit(Envelope(keep, request_id, actor=who))
    _done(kept)
    # In transactions of their own, after the first: a step that put itself off before now shows its
    # reference, and one that does so later finds what is kept.
    for reference in named:
        wake = WakeStep(told.org, provider, reference, told.id, told.topics)
        _done(await services.writer.submit(Envelope(wake, request_id, actor=who)))
    is_new = isinstance(kept.result, NoticeResult) and kept.result.new
    return "taken" if is_new else "repeated"


def _done(outcome: Outcome) -> None:
    if isinstance(outcome.result, Refusal):
        raise Refused(outcome.result)


def _is_storable(text: str, length_max: int) -> bool:
    if not 0 < len(text) <= length_max or "\x00" in text:
        return False
    return not any("\ud800" <= one <= "\udfff" for one in text)


def _problem(status: int, detail: str) -> bytes:
    titles = {400: "Bad Request", 405: "Method Not Allowed", 413: "Content Too Large",
              415: "Unsupported Media Type", 429: "Too Many Requests"}  # fmt: skip
    title = titles.get(status, "Service Unavailable" if status == 503 else "Internal Server Error")
    return msgspec.json.encode(
        {"type": "about:blank", "title": title, "status": status, "detail": detail}
    )
