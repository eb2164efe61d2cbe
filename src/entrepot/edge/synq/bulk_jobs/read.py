"""Synq's requests about bulk jobs into commands, and the items of a job into theirs; pure."""

from __future__ import annotations

import base64
import binascii

import msgspec
from msgspec.json import Decoder

from entrepot.core import bulk_jobs
from entrepot.core.bulk_jobs import SLICE, BulkJob
from entrepot.core.commands import Command
from entrepot.core.decide.bulk import MakeBulkJob
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import known, prefixes
from entrepot.edge.access import Principal
from entrepot.edge.dialect import read_json
from entrepot.edge.strict_json import InvalidJson, decode
from entrepot.edge.synq.bulk_jobs import wire
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.products import read as products

MAKE: Decoder[wire.MakeJob] = Decoder(wire.MakeJob)
_RAW: Decoder[msgspec.Raw] = Decoder(msgspec.Raw)
_LIST: Decoder[list[msgspec.Raw]] = Decoder(list[msgspec.Raw])
_MEMBERS: Decoder[dict[str, msgspec.Raw]] = Decoder(dict[str, msgspec.Raw])
_TEXT: Decoder[str] = Decoder(str)
_IMPORT, _UPDATE, _DELETE = Decoder(wire.Import), Decoder(wire.Update), Decoder(wire.Delete)
# Members of a payload that have the items.
_LISTS = ("items", "products")


def make_job(body: wire.MakeJob, principal: Principal) -> MakeBulkJob:
    """The command."""
    items = _items(_payload(bytes(body.payload)))
    parts = [items[at : at + SLICE] for at in range(0, len(items), SLICE)]
    slices = tuple(f"[{','.join([bytes(one).decode() for one in part])}]" for part in parts)
    return MakeBulkJob(principal.org, products.SOURCE, body.job_type, len(items), slices)


def command_of(job: BulkJob, item: bytes) -> Command:
    """The command that an item of a job means. Raises Refused."""
    if job.type == bulk_jobs.IMPORT:
        made = read_json(item, _IMPORT, sound=True)
        variants = [
            products.new_variant(one, f"variants[{at}].")
            for at, one in enumerate(made.variants or ())
        ]
        return products.make_product(made, job, *variants)
    if job.type == bulk_jobs.UPDATE:
        changed = known.read(item, _UPDATE, "id")
        return products.change_product(changed, uuid(changed.id, "id", *prefixes.PRODUCT), job)
    told = _TEXT.decode(item) if item.startswith(b'"') else read_json(item, _DELETE, sound=True).id
    return products.delete_product(uuid(told, "id", *prefixes.PRODUCT), job)


def _payload(told: bytes) -> bytes:
    """The JSON of a payload: as it stands in the body, or behind base64."""
    if not told.startswith(b'"'):
        return told
    try:
        text = base64.b64decode(_TEXT.decode(told), validate=True)
        return bytes(decode(text, _RAW))
    except (binascii.Error, ValueError, InvalidJson) as error:
        raise refuse(
            Reason.INVALID, "must be JSON, or the base64 text of JSON", "payload"
        ) from error


def _items(payload: bytes) -> list[msgspec.Raw]:
    """The items of a payload. A value that is no list of items is one item."""
    if payload.startswith(b"["):
        return _LIST.decode(payload)
    if payload.startswith(b"{"):
        members = _MEMBERS.decode(payload)
        for name in _LISTS:
            if name in members and bytes(members[name]).startswith(b"["):
                return _LIST.decode(members[name])
    return [msgspec.Raw(payload)]
