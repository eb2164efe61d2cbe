"""Amounts that a body claims for its order. A Synq order costs the sum of its lines and nothing
else.

A member that agrees with this sum is taken, as in an order that was read and is sent back. Any
other amount is refused, because its sender expects another price.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from msgspec import Raw

from entrepot.core.commands import DraftLine
from entrepot.core.money import ZERO, Amount, line_sum, stripped
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import money_names
from entrepot.edge.strict_json import InvalidJson, decimal_number
from entrepot.pace import paced

Members = dict[str, Raw]
# Amounts that are read, and no claim.
_READ = frozenset({"unit_price"})
_OBJECT = msgspec.json.Decoder(Members)
_LINES = msgspec.json.Decoder(list[Members])


def check(body: bytes, lines: tuple[DraftLine, ...], places: int) -> None:
    """Refuse a member that names money and is not what these lines of the body cost.

    The sum is taken as it is, and rounded to the currency's `places` as the order shows it.
    """
    members = _OBJECT.decode(body)
    priced = [(line.price or ZERO, line.quantity) for line in lines]
    _agree(members, money_names.OF_ORDER, [line_sum(priced)], places, "")
    for name in ("items", "line_items"):
        if name in members and bytes(members[name]).startswith(b"["):
            for index, line in enumerate(paced(_LINES.decode(members[name]), 1)):
                # A line may say its own sum, or the price of one unit by another name.
                amounts = [line_sum(priced[index : index + 1]), priced[index][0]]
                _agree(line, money_names.OF_LINE, amounts, places, f"{name}[{index}].")


def _agree(
    members: Members, names: Collection[str], amounts: list[Amount], places: int, where: str
) -> None:
    """Refuse a member that names money, or says an amount by its name and value, and is another
    amount than these. The first of them is the sum.
    """
    for name, raw in paced(members.items()):
        plain, value = money_names.plain(name), bytes(raw)
        due = amounts
        if plain in names:
            due = amounts[:1] if plain in money_names.SUMS else [ZERO]
        elif name in _READ or not money_names.says_amount(name, value):
            continue
        elif not money_names.may_be_sum(name):
            due = [ZERO]
        if value == b"null" or _number(raw) in _spellings(due, places, plain.endswith("cents")):
            continue
        sentence = f"is not taken: the sum of the lines is {amounts[0].text()}"
        raise refuse(Reason.INVALID, sentence, f"{where}{name}")


def _spellings(amounts: list[Amount], places: int, in_cents: bool) -> set[tuple[int, int]]:
    """These amounts as they are and rounded; or in the currency's smallest unit."""
    if in_cents:
        return {(one.at(places), 0) for one in amounts}
    exact = {stripped(*one) for one in amounts}
    return exact | {stripped(one.at(places), places) for one in amounts}


def _number(raw: Raw) -> tuple[int, int] | None:
    try:
        return stripped(*decimal_number(raw, ""))
    except InvalidJson:
        return None
