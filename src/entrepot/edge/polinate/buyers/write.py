"""Buyers in Polinate's words; pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Raw

from entrepot.core import buyers
from entrepot.core.buyers import EMAIL, PHONE, Partner
from entrepot.core.results import PartnerResult
from entrepot.edge.polinate.buyers import wire
from entrepot.edge.polinate.buyers.read import PREFIX_OF
from entrepot.edge.polinate.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

# No call deletes a buyer.
_STATUS = "ACTIVE"
_encode = msgspec.json.Encoder().encode


def buyer(one: Partner) -> wire.PartnershipBuyer:
    """A buyer; of a customer whom others told what they told. Without a legal name the name is
    the legal one.
    """
    made, tied = one.buyer, one.partnership
    name = one.customer.name if made is None else made.name
    return wire.PartnershipBuyer(
        id=_phantom(one),
        name=name,
        legal_name=(None if made is None else made.legal_name) or name,
        partnership_id=_partnership(one),
        partnership_status=tied.status.upper(),
        item_list_id=f"list_{one.list_id.hex()}",
        primary_email=one.primary(EMAIL),
        primary_phone=one.primary(PHONE),
        status=_STATUS,
        created_at=millis_text(one.customer.created_at),
        updated_at=millis_text(one.updated_at),
        deleted_at=None,
        properties=Raw(b"{}" if made is None else made.properties.encode()),
        buyer_info=Raw(b"{}" if made is None else made.info.encode()),
        emails=[
            wire.BuyerEmail(
                _part(EMAIL, at.id), at.value, at.contact_name, at.is_primary, False, None,
                at.sequence,
            )
            for at in one.of(EMAIL)
        ],
        phones=[
            wire.BuyerPhone(
                _part(PHONE, at.id), at.value, at.contact_name, at.is_primary, False, None,
                at.sequence,
            )
            for at in one.of(PHONE)
        ],
        locations=list(map(_location, one.locations)),
    )  # fmt: skip


def buyer_answer(one: Partner) -> Answer:
    """GET one buyer."""
    return Answer(200, _encode(buyer(one)))


def tag(one: Partner) -> str:
    """The entity tag of a buyer."""
    return f'"{one.revision}"'


def made(request_id: str) -> Written:
    """How a new buyer is answered: with the ids of the buyer and of the partnership."""

    def answer(result: PartnerResult) -> Answer:
        one = result.partner
        return Answer(201, _encode(wire.BuyerMade(True, _phantom(one), _partnership(one))))

    return written(refusal_answer, request_id, PartnerResult, answer)


def changed(request_id: str, tagged: Callable[[Partner], None]) -> Written:
    """How a changed buyer is answered: with all of the buyer, whose tag is told to `tagged`."""

    def answer(result: PartnerResult) -> Answer:
        tagged(result.partner)
        return buyer_answer(result.partner)

    return written(refusal_answer, request_id, PartnerResult, answer)


def _location(at: buyers.BuyerLocation) -> wire.BuyerLocation:
    return wire.BuyerLocation(
        _part(None, at.id), at.label, at.type, at.status, at.line1, at.line2, at.city, at.state,
        at.postcode, at.country,
    )  # fmt: skip


def _phantom(one: Partner) -> str:
    return f"phm_{one.customer.id.hex()}"


def _partnership(one: Partner) -> str:
    return f"prt_{one.customer.id.hex()}"


def _part(kind: str | None, id_: bytes) -> str:
    return f"{PREFIX_OF[kind]}{id_.hex()}"
