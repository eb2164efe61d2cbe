"""Clicks in Konvo's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import ids
from entrepot.core.touches import Touch
from entrepot.edge.access import Principal
from entrepot.edge.kept_json import shaped
from entrepot.edge.konvo.clicks import wire
from entrepot.edge.times import millis_text
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


class Details(msgspec.Struct):
    """What a touch keeps of a click, beside its columns."""

    ip_address: str = ""
    device: str = ""
    operating_system: str = ""
    browser: str = ""
    region: str = ""
    city: str = ""
    lat_long: str = ""
    timezone: str = ""


_DETAILS = msgspec.json.Decoder(Details)


def click(touch: Touch, workspace: str) -> wire.Click:
    """A click of a workspace."""
    told = shaped(touch.details, _DETAILS, Details())
    return wire.Click(
        id=ids.dashed(touch.id),
        workspace_id=workspace,
        contact_id=ids.dashed(touch.customer_id),
        external_user_id=touch.external_user_id,
        channel=touch.channel,
        resource_id=touch.resource_id,
        country=touch.country,
        created_at=millis_text(touch.at),
        **msgspec.structs.asdict(told),
    )


def page(found: tuple[list[Touch], int], principal: Principal) -> Answer:
    """GET: these clicks, and how many there are in all."""
    clicks, total = found
    workspace = ids.dashed(principal.org_id)
    return Answer(200, _encode(wire.Clicks(total, [click(one, workspace) for one in clicks])))
