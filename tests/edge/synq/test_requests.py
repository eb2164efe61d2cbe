"""What Synq's requests beside orders refuse before anything is asked or written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from entrepot.core.bulk_jobs import UPDATE, BulkJob
from entrepot.core.refusal import Refused
from entrepot.edge.access import Principal
from entrepot.edge.dialect import Call
from entrepot.edge.synq.bulk_jobs.read import command_of
from entrepot.edge.synq.media import routes as media
from entrepot.edge.synq.products import read
from entrepot.edge.synq.products import routes as products
from entrepot.edge.synq.settings import routes as settings

UUID = "01981e6a-7c00-7000-8000-000000000001"
PRINCIPAL = Principal(7, b"o" * 16, b"t" * 16, "ADMIN")


async def refused(handler: Any, body: bytes = b"", query: bytes = b"") -> str | None:
    nothing: Any = None
    names = {"id": UUID, "product_id": UUID}
    call = Call(nothing, "request-1", "PUT", names, query, {}, PRINCIPAL, body)
    with pytest.raises(Refused) as told:
        await handler(call)
    return told.value.refusal.field


@pytest.mark.parametrize("name", ["product_id", "variant_id"])
async def test_an_empty_filter_of_media_is_refused(name: str) -> None:
    assert await refused(media.list_media, query=f"{name}=".encode()) == name


@pytest.mark.parametrize(
    "handler", [products.change_product, products.make_variant, settings.put_settings]
)
async def test_a_body_of_which_nothing_is_known_is_refused(handler: Any) -> None:
    assert await refused(handler, b'{"titel": "Mug", "alocation": "SOFT"}') == "body"


def test_an_item_of_a_bulk_job_of_which_nothing_is_known_is_refused() -> None:
    job = BulkJob(7, b"j" * 16, UPDATE, "", 1, 0, 0, "[]", "", 0, 1, 0, 0)
    command_of(job, b'{"id": "%b", "title": "Mug"}' % UUID.encode())
    with pytest.raises(Refused) as told:
        command_of(job, b'{"id": "%b", "titel": "Mug"}' % UUID.encode())
    assert "nothing that can be changed" in told.value.refusal.sentence


def test_a_product_as_other_dialects_told_it_may_come_back() -> None:
    told = {"title": "n" * 10_000, "description": "d" * 50_000}
    body = read.CHANGE.decode(json.dumps(told).encode())
    command = read.change_product(body, b"p" * 16, PRINCIPAL)
    assert command.said == {"name": told["title"], "description": told["description"]}
