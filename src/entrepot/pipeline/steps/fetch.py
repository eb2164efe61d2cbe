"""Fetching an order that was only notified, from the source that its organization configured.

Sources are set by the operator, never by a client, so that one inside the own network is allowed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

import httpx

from entrepot.core.commands import Command, MirrorOrders, OrderDraft
from entrepot.core.refusal import Refused
from entrepot.pipeline.steps import Held, Terms, park, put_off
from entrepot.store.accounts import Organization

FetchReader = Callable[[bytes, str, int], OrderDraft]

BODY_BYTES_MAX = 1 << 20
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 15.0
_OK, _NOT_FOUND, _GONE = 200, 404, 410


class Answer(NamedTuple):
    """What the source said. `body` is None where it is larger than any order."""

    status: int
    body: bytes | None
    retry_after: float | None


def make_client() -> httpx.AsyncClient:
    """The client for order sources: short patience, no redirects, no proxy of the environment."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
        headers={"Accept": "application/json"},
    )


async def fetch(
    held: Held,
    organization: Organization | None,
    client: httpx.AsyncClient,
    reader: FetchReader,
    terms: Terms,
) -> Command:
    """Mirror the order that the source tells of, or put it off, or park what cannot be read."""
    job, text = held.job, held.job.payload
    if organization is None or organization.source_url is None or text is None:
        return park(held, "the organization has no order source any more", terms)
    try:
        answer = await _ask(client, organization, organization.source_url, text)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError) as error:
        return park(held, f"the order source cannot be asked: {type(error).__name__}", terms)
    except (httpx.TransportError, TimeoutError) as error:
        return put_off(held, "fetch", f"no answer of the source: {type(error).__name__}", terms)
    if answer.status in (_NOT_FOUND, _GONE):
        return put_off(held, "absent", f"the source answered {answer.status}", terms)
    if answer.status != _OK:
        error_text = f"the source answered {answer.status}"
        return put_off(held, "fetch", error_text, terms, answer.retry_after)
    if answer.body is None:
        return park(held, f"the source's answer is over {BODY_BYTES_MAX} bytes", terms)
    try:
        draft = reader(answer.body, text, job.org)
    except Refused as refused:
        return park(held, f"the source's answer is no order: {refused}", terms)
    return MirrorOrders(job.org, "polinate", (draft,), job.id, job.fence)


async def _ask(
    client: httpx.AsyncClient, organization: Organization, template: str, text: str
) -> Answer:
    url = template.replace("{orderId}", quote(text, safe=""))
    url = url.replace("{businessId}", f"bus_{organization.id.hex()}")
    headers = {}
    if organization.source_header:
        name, _, value = organization.source_header.partition(":")
        headers[name.strip()] = value.strip()
    async with (
        asyncio.timeout(TOTAL_SECONDS),
        client.stream("GET", url, headers=headers) as response,
    ):
        wait = response.headers.get("Retry-After", "")
        retry_after = float(wait) if wait.isascii() and wait.isdigit() else None
        if response.status_code != _OK:
            return Answer(response.status_code, None, retry_after)
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > BODY_BYTES_MAX:
                return Answer(_OK, None, None)
        return Answer(_OK, bytes(body), None)
