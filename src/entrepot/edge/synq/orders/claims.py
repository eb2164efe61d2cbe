"""Amounts that a body claims for its order. A Synq order costs the sum of its lines and nothing
else.

A member that agrees with this sum is taken, as in an order that was read and is sent back. Any
other amount is refused, because its sender expects another price.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Raw

from entrepot.core.commands import DraftLine
from entrepot.core.money import ZERO, Amount, line_sum, stripped
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import money_names
from entrepot.edge.strict_json import InvalidJson, decimal_number

Members = dict[str, Raw]
_OBJECT = msgspec.json.Decoder(Members)
_LINES = msgspec.json.Decoder(list[Members])


def check(body: bytes, lines: tuple[DraftLine, ...], places: int) -> None:
    """Refuse a member that names money and is not what these lines of the body cost.

    The sum is taken as it is, and rounded to the currency's `places` as the order shows it.
    """
    members = _OBJECT.decode(body)
    priced = [(line.price or ZERO, line.quantity) for line in lines]
    _agree(members, money_names.OF_ORDER, line_sum(priced), places, "")
    for name in ("items", "line_items"):
        if name in members and bytes(members[name]).startswith(b"["):
            for index, line in enumerate(_LINES.decode(members[name])):
                where = f"{name}[{index}]."
                _agree(
                    line, money_names.OF_LINE, line_sum(priced[index : index + 1]), places, where
                )


def _agree(members: Members, names: Iterable[str], costs: Amount, places: int, where: str) -> None:
    for name, raw in members.items():
        plain = money_names.plain(name)
        if plain not in names or bytes(raw) == b"null":
            continue
        due = costs if plain in money_names.SUMS else ZERO
        if _number(raw) not in (stripped(*due), stripped(due.at(places), places)):
            sentence = f"is not taken: the sum of the lines is {costs.text()}"
            raise refuse(Reason.INVALID, sentence, f"{where}{name}")


def _number(raw: Raw) -> tuple[int, int] | None:
    try:
        return stripped(*decimal_number(raw, ""))
    except InvalidJson:
        return None
