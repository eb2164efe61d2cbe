"""Plain GET pages (health, metrics, documents), for everybody, or for clients with a token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from entrepot.core.refusal import Refused
from entrepot.edge.asgi import Entrance, Receive, Scope, Send
from entrepot.edge.safe_headers import FOR_PAGES
from entrepot.edge.sending import client_address, retry_after, send_answer
from entrepot.edge.served_from import with_address
from entrepot.edge.services import Services

# Gives the status, the media type and the body.
Page = Callable[[], Awaitable[tuple[int, str, bytes]]]


def entrance_of(page: Page) -> Entrance:
    """The entrance of a page."""
    allow = (b"allow", b"GET, HEAD, OPTIONS")

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if scope["method"] == "OPTIONS":
            await send_answer(send, 204, None, b"", [allow])
        elif scope["method"] not in ("GET", "HEAD"):
            await send_answer(send, 405, b"text/plain", b"", [allow, *FOR_PAGES])
        else:
            status, media, body = await page()
            if media.startswith("text/html"):
                body = with_address(body, scope)
            await send_answer(send, status, media.encode(), body, [*FOR_PAGES])

    return handle


def guarded(entrance: Entrance, token: str, services: Services) -> Entrance:
    """The same entrance for requests that bring the token; other requests get 401."""
    expected = f"bearer {token}".encode()

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        sent = dict(scope["headers"]).get(b"authorization", b"")
        scheme, _, rest = sent.partition(b" ")
        if hmac.compare_digest(scheme.lower() + b" " + rest.strip(), expected):
            await entrance(scope, receive, send)
            return
        extra = [*FOR_PAGES, (b"www-authenticate", b"Bearer")]
        status = 401
        if sent:
            try:
                await services.admission.wrong.tried("metrics", client_address(scope))
            except Refused as refused:
                status = 429
                extra = [*FOR_PAGES, retry_after(refused.refusal)]
        await send_answer(send, status, b"text/plain", b"", extra)

    return handle
