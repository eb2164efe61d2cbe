"""The contact of a touch is named by an address, and a text that is none is told by its member."""

from __future__ import annotations

import json

import pytest
from tests.edge.native.asking import UUID

from entrepot.core.commands import CustomerRef
from entrepot.core.refusal import Refused
from entrepot.edge.native.bodies import decoder
from entrepot.edge.native.touches import read, wire

RECORD = decoder(wire.RecordTouch)


def recorded(**contact: str) -> CustomerRef:
    body = {"kind": "open", "origin": "flow", "origin_id": UUID, "contact": {}}
    told = RECORD.decode(json.dumps(body).encode())
    told.contact = wire.TouchedContact(**contact)  # type: ignore[arg-type]
    return read.record(7, "native", told).customer


@pytest.mark.parametrize(
    ("member", "text", "sentence"),
    [
        ("email", "0x10", "must be an e-mail address"),
        ("email", "\u200b", "must be an e-mail address"),
        ("phone", "none", "must be a telephone number"),
    ],
)
def test_what_is_no_address_is_named(member: str, text: str, sentence: str) -> None:
    with pytest.raises(Refused) as told:
        recorded(**{member: text})
    refused = told.value.refusal
    assert (refused.field, refused.detail) == (f"contact.{member}", sentence)


def test_a_placeholder_names_nobody() -> None:
    assert recorded(email="ada@shop.io").identifiers == (("email", "ada@shop.io"),)
    with pytest.raises(Refused) as told:
        recorded(email="none@none.com")
    assert (told.value.refusal.field, told.value.refusal.detail) == ("contact", "names nobody")
