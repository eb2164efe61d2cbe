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
    total = line_sum(priced)
    _agree(members, money_names.OF_ORDER, [total], (total, places), "")
    for name in ("items", "line_items"):
        if name in members and bytes(members[name]).startswith(b"["):
            for index, line in enumerate(paced(_LINES.decode(members[name]), 1)):
                # A line may say its own sum, or the price of one unit by another name.
                amounts = [line_sum(priced[index : index + 1]), priced[index][0]]
                cost = amounts[0], places
                _agree(line, money_names.OF_LINE, amounts, cost, f"{name}[{index}].")


def _agree(
    members: Members,
    names: Collection[str],
    amounts: list[Amount],
    cost: tuple[Amount, int],
    where: str,
) -> None:
    """Refuse a member that names money, or says an amount by its name and value, and is another
    amount than these. `cost` is the sum, and how many places its currency has.
    """
    total, places = cost
    for name, raw in paced(members.items()):
        plain, value = money_names.plain(name), bytes(raw)
        due = amounts
        if plain in names:
            due = amounts[:1] if plain in money_names.SUMS else [ZERO]
        elif name in _READ or not money_names.says_amount(name, value):
            continue
        elif not money_names.may_be_sum(name):
            due = [ZERO]
        if plain not in names and value[:1] == b"{":
            _agree(money_names.members(value), (), due, cost, f"{where}{name}.")
            continue
        if value == b"null" or _number(raw) in _spellings(due, places, plain.endswith("cents")):
            continue
        sentence = f"is not taken: the sum of the lines is {total.text()}"
        raise refuse(Reason.INVALID, sentence, f"{where}{name}")


def _spellings(amounts: list[Amount], places: int, in_cents: bool) -> set[tuple[int, int]]:
    """These amounts as they are and rounded; or in the currency's smallest unit."""
    if in_cents:
        return {(one.at(places), 0) for one in amounts}
    exact = {stripped(*one) for one in amounts}
    return exact | {stripped(one.at(places), places) for one in amounts}


def _number(raw: Raw) -> tuple[int, int] | None:
    """The number that a value says, a text of its digits among them."""
    value = bytes(raw)
    try:
        return stripped(*decimal_number(Raw(value[1:-1] if value[:1] == b'"' else value), ""))
    except InvalidJson:
        return None
