"""Polinate's request for a price list into a command; pure. A refusal names the fields at fault."""

from __future__ import annotations

from functools import partial

import msgspec
from msgspec import Raw, UnsetType

from entrepot.core.decide.price import DraftEntry, MakePriceList, PriceListPaths
from entrepot.core.money import parse
from entrepot.core.price_lists import PERCENTAGE, percentage
from entrepot.core.refusal import Reason, Refusal, Refused, all_of, refuse
from entrepot.edge import canonical, currency, prefixes
from entrepot.edge.access import Principal
from entrepot.edge.polinate.orders import bodies, values
from entrepot.edge.polinate.orders.read import SOURCE
from entrepot.edge.polinate.pricing import wire
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint

CREATE = msgspec.json.Decoder(wire.CreatePricing)
PARTS = ("itemList", "entries", "partnershipIds")
_PATHS = PriceListPaths("itemVariantId", "partnershipIds", "itemList.name")
_PERCENT = "itemList.percentageAdjustment"


def create_pricing(
    body: wire.CreatePricing, key: str | None, principal: Principal
) -> tuple[MakePriceList, Idempotency | None]:
    """The command and its key."""
    default = values.maybe_code(body.item_list.currency, "itemList.currency")
    faults: list[Refusal] = []
    entries = []
    for index, one in enumerate(body.entries):
        try:
            entries.append(_entry(one, f"entries[{index}]", default))
        except Refused as refused:
            faults.append(refused.refusal)
    customers = []
    for index, text in enumerate(body.partnership_ids or ()):
        customer_id = values.id_of(text, *prefixes.CUSTOMER)
        if customer_id is None:
            faults.append(Refusal(Reason.UNKNOWN_CUSTOMER, field=f"partnershipIds[{index}]"))
        else:
            customers.append(customer_id)
    if faults:
        raise Refused(all_of(faults))
    adjustment = _percentage(body.item_list.percentage_adjustment)
    properties = values.json_text(body.item_list.properties, "itemList.properties")
    command = MakePriceList(
        principal.org, SOURCE, body.item_list.name, tuple(entries), tuple(customers), adjustment,
        properties, currency.SMALLEST, _PATHS,
    )  # fmt: skip
    if key is None:
        return command, None

    def covering(free: object) -> list[bytes]:
        parts = (
            [command.name, default, adjustment, free],
            [[e.variant_id.hex(), _spelled(e), e.currency] for e in command.entries],
            [one.hex() for one in customers],
        )
        return [canonical.text_of(part) for part in parts]

    # Version 1 took properties as they were written.
    told = None if properties is None else canonical.plain(body.item_list.properties)
    covered = fingerprint(covering(told), version=2)
    older = (partial(fingerprint, covering(properties)),)
    return command, Idempotency(key, "polinate.createPricing", PARTS, covered, older=older)


def _spelled(entry: DraftEntry) -> str | None:
    return None if entry.price is None else canonical.amount(entry.price.text())


def _entry(one: wire.Entry, where: str, default: str | None) -> DraftEntry:
    variant_id = values.id_of(one.item_variant_id, *prefixes.VARIANT)
    if variant_id is None:
        raise refuse(Reason.UNKNOWN_VARIANT, field=f"{where}.itemVariantId")
    text = _decimal(one.price)
    price = None if text is None else values.maybe_price(text, f"{where}.price")
    if price is not None and not price.within_range():
        raise refuse(Reason.INVALID, "is out of range", f"{where}.price")
    code = values.maybe_code(one.currency, f"{where}.currency") or default
    return DraftEntry(where, variant_id, price, code)


def _percentage(raw: Raw | UnsetType) -> int:
    """A percentage in units of its places."""
    text = _decimal(raw)
    if text is None:
        return 0
    amount = parse(text)
    units = None if amount is None else percentage(amount)
    if units is None:
        raise refuse(Reason.INVALID, f"must be {PERCENTAGE}", _PERCENT)
    return units


def _decimal(raw: Raw | UnsetType) -> str | None:
    """The text of a decimal that was sent as a string or a number; of other JSON the JSON."""
    if isinstance(raw, UnsetType) or bytes(raw) == b"null":
        return None
    sent = bytes(raw)
    if sent.startswith(b'"'):
        text: str = msgspec.json.decode(sent)
        return text
    return bodies.plain(sent).decode() if sent[0] in bodies.NUMBER_STARTS else sent.decode()
