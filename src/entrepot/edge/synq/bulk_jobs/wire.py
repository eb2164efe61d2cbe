"""Synq's shapes of bulk jobs, exactly. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.core.bulk_jobs import ITEMS_MAX
from entrepot.edge.synq.products.wire import ChangeProduct, MakeVariant, Told
from entrepot.edge.synq.wire import Moment, Uuid

Type = Literal["BULK_IMPORT", "BULK_UPDATE", "BULK_DELETE"]
State = Literal["PENDING", "PROCESSING", "COMPLETED", "FAILED"]
Payload = Annotated[
    msgspec.Raw,
    Meta(
        extra_json_schema={
            "description": "An array of items, or an object with such an array as `items` or "
            f"`products`; or the base64 text of either. At most {ITEMS_MAX:,} items."
        }
    ),
]


class MakeJob(msgspec.Struct):
    """The body of POST /api/v1/pim/bulk-jobs.

    An item of BULK_IMPORT is a product as POST /api/v1/pim/products takes one, with `variants`; an
    item of BULK_UPDATE is a change with the `id` of the product; an item of BULK_DELETE is an `id`.
    """

    job_type: Type
    payload: Payload


class Import(Told):
    """An item of BULK_IMPORT."""

    variants: Annotated[list[MakeVariant], Meta(max_length=500)] | None = None


class Update(ChangeProduct, kw_only=True):
    """An item of BULK_UPDATE."""

    id: Uuid


class Delete(msgspec.Struct):
    """An item of BULK_DELETE."""

    id: Uuid


class Fault(msgspec.Struct):
    """An item that failed, by its place from 0, and why."""

    item: int
    error: str


class Job(msgspec.Struct):
    """A bulk job. `errors` has the first items that failed."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    job_type: Type
    status: State
    total_items: int
    processed_items: int
    failed_items: int
    errors: list[Fault]
    created_at: Moment
    updated_at: Moment
