"""Synq's requests about channels into commands; pure."""

from __future__ import annotations

import msgspec

from entrepot.core.decide.open_channel import MakeChannel
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import currency
from entrepot.edge.access import Principal
from entrepot.edge.synq.channels import wire

MAKE: msgspec.json.Decoder[wire.MakeChannel] = msgspec.json.Decoder(wire.MakeChannel)
_CURRENCY = "USD"


def make_channel(body: wire.MakeChannel, principal: Principal) -> MakeChannel:
    """The command. A channel is active, and in USD, unless something else is told."""
    sent = body.currency or _CURRENCY
    code = currency.iso_code(sent)
    if code is None:
        raise refuse(Reason.INVALID, "must be an ISO 4217 currency of three letters", "currency")
    if not currency.is_money(code):
        raise refuse(Reason.INVALID, f"{code} is no money that can be paid in", "currency")
    active = True if body.active is None else body.active
    return MakeChannel(principal.org, "synq", body.name, code, active)
