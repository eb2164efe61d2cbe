"""Polinate's bodies before they are read: amounts as strings, the sample's names, nothing unknown.

An amount may be sent as a number, as variants have it; its digits become
the string. `unitAmount`, of the published sample of an order's line, is the line's `price`. Values
stay text, so that every digit comes through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal

import msgspec
from msgspec import Raw

from entrepot.core.money import parse, stripped
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import money_names, read_only
from entrepot.edge.dialect import read_json
from entrepot.edge.known import some_known
from entrepot.edge.strict_json import EXPONENT_DIGITS_MAX
from entrepot.pace import breathe, paced

Members = dict[str, Raw]
_OBJECT = msgspec.json.Decoder(Members)
_LIST = msgspec.json.Decoder(list[Raw])
_encode = msgspec.json.Encoder().encode

_CHANGES = ("order", "createOrderItems", "updateOrderItems", "deleteOrderItems")
_WRITABLE = frozenset({
    "phase", "status", "externalReference", "notes", "deliveryAddress", "expectedDeliveryAt",
    "deliveredAt", "shippedAt", "currency", "totalAmount", "properties",
})  # fmt: skip
# Further members that an order shows, and that may come back as they were read.
_SHOWN = frozenset({
    "id", "partnershipId", "membershipId", "integrationId", "internalReference", "createdAt",
    "updatedAt", "orderItems", "reason", "buyer",
})  # fmt: skip
_READABLE = _WRITABLE | _SHOWN
_LINE_WRITABLE = frozenset({
    "quantity", "unitOfMeasure", "currency", "price", "cost", "properties", "unitAmount",
})  # fmt: skip
# Further members that a line shows.
_LINE_SHOWN = frozenset({
    "id", "orderId", "lineNumber", "itemListEntryId", "itemListEntry", "itemVariantId",
    "createdAt", "updatedAt",
})  # fmt: skip
# Members that only show and that a client may mean to change: a `Warning` names them.
_FIXED = (
    "id", "partnershipId", "membershipId", "integrationId", "internalReference", "createdAt",
    "buyer",
)  # fmt: skip
_OR_LINES = (*_FIXED, "orderItems")
_LINE_FIXED = frozenset({"orderId", "lineNumber", "itemListEntry", "createdAt"})
# Names of money, and those that are taken as they are written: another spelling is another name.
_MONEY_OF_ORDER = money_names.OF_ORDER | {"price"}, frozenset({"totalAmount"})
_MONEY_OF_LINE = (
    money_names.OF_LINE | {"price", "unitprice", "unitamount", "cost"},
    frozenset({"price", "cost", "unitAmount"}),
)
NUMBER_STARTS = b"-0123456789"
_NULL = b"null"


def new_order(body: bytes) -> bytes:
    """The body that makes an order. Refused: a member that names money and is not taken."""
    members = read_json(body, _OBJECT)
    _refuse_money(members, _MONEY_OF_ORDER, "")
    _spell(members, ("totalAmount",))
    _each(members, "orderItems", _new_line)
    return _encode(members)


def order_changes(body: bytes) -> bytes:
    """The body that changes an order. Refused: a part of it of which nothing is known."""
    members = read_json(body, _OBJECT)
    if members and not any(name in members for name in _CHANGES):
        raise refuse(Reason.INVALID, f"knows only {', '.join(_CHANGES)}", "body")
    for name in _CHANGES:
        if _is_null(members, name):
            del members[name]
    order = _members(members.get("order"))
    breathe()
    if order is not None:
        some_known(order, _WRITABLE, "order", _SHOWN)
        _refuse_money(order, _MONEY_OF_ORDER, "order.")
        _spell(order, ("totalAmount",))
        _drop_null(order, "properties")
        breathe()
        members["order"] = Raw(_encode(order))
        breathe()
    _each(members, "createOrderItems", _new_line)
    _each(members, "updateOrderItems", _changed_line)
    return _encode(members)


def ignored(body: bytes) -> list[str]:
    """The unknown members of a body of changes, each name once; the body was taken."""
    members = _OBJECT.decode(body)
    order = _members(members.get("order")) or {}
    breathe()
    names = [name for name in members if name not in _CHANGES]
    names += [f"order.{name}" for name in paced(order) if name not in _READABLE]
    for listed in ("createOrderItems", "updateOrderItems"):
        for one in paced(_lines(members, listed), 1):
            line = _members(one) or {}
            unknown = line.keys() - _LINE_WRITABLE - _LINE_SHOWN
            names += [f"{listed}.{name}" for name in line if name in unknown]
    return list(dict.fromkeys(names))


def claims(body: bytes) -> list[read_only.Claim]:
    """What a body of changes tells of members that only show; the body was taken.

    The order's lines are looked at where the body changes none: else they are what was read before.
    """
    members = _OBJECT.decode(body)
    order = _members(members.get("order")) or {}
    fixed = _FIXED if any(_lines(members, name) for name in _CHANGES[1:]) else _OR_LINES
    changed = [line for one in _lines(members, "updateOrderItems") if (line := _members(one))]
    return read_only.of_thing(order, fixed, "order.") + read_only.of_parts(
        changed, _LINE_FIXED, "updateOrderItems", "orderItems"
    )


def source_order(document: bytes) -> bytes:
    """The document of an order source."""
    members = read_json(document, _OBJECT)
    _spell(members, ("totalAmount",))
    _each(members, "orderItems", _source_line)
    return _encode(members)


def _new_line(line: Members, where: str) -> None:
    _refuse_money(line, _MONEY_OF_LINE, f"{where}.")
    _price(line, where)
    _spell(line, ("price", "cost"))


def _changed_line(line: Members, where: str) -> None:
    some_known(line, _LINE_WRITABLE, where)
    _refuse_money(line, _MONEY_OF_LINE, f"{where}.")
    _price(line, where)
    _spell(line, ("price", "cost"))
    _drop_null(line, "properties")


def _source_line(line: Members, where: str) -> None:  # noqa: ARG001 - as the others
    _spell(line, ("price", "cost"))


def _each(members: Members, name: str, change: Callable[[Members, str], None]) -> None:
    """Change every object of a list; what is none is left for the typed reader to refuse."""
    listed = members.get(name)
    if listed is None or not bytes(listed).startswith(b"["):
        return
    spelled: list[Raw] = []
    for index, one in enumerate(paced(_LIST.decode(listed), 1)):
        line = _members(one)
        if line is not None:
            change(line, f"{name}[{index}]")
        spelled.append(one if line is None else Raw(_encode(line)))
    members[name] = Raw(_encode(spelled))


def _lines(members: Members, name: str) -> list[Raw]:
    return [] if name not in members or _is_null(members, name) else _LIST.decode(members[name])


def _members(raw: Raw | None) -> Members | None:
    return None if raw is None or not bytes(raw).startswith(b"{") else _OBJECT.decode(raw)


def _is_null(members: Members, name: str) -> bool:
    return name in members and bytes(members[name]) == _NULL


def _drop_null(members: Members, name: str) -> None:
    """Null where it was null is no change of what cannot be cleared."""
    if _is_null(members, name):
        del members[name]


def _price(line: Members, where: str) -> None:
    """The sample's `unitAmount` is the price of one unit."""
    told = line.pop("unitAmount", None)
    if told is None or bytes(told) == _NULL:
        return
    if "price" not in line or _is_null(line, "price"):
        line["price"] = told
    elif _amount(line["price"]) != _amount(told):
        raise refuse(Reason.INVALID, "is not what `price` says", f"{where}.unitAmount")


def _spell(members: Members, names: tuple[str, ...]) -> None:
    """An amount sent as a number becomes the string of its digits."""
    for name in names:
        if name in members:
            text = bytes(members[name])
            if text[0] in NUMBER_STARTS:
                members[name] = Raw(b'"%b"' % plain(text))


def _refuse_money(
    members: Members, money: tuple[Collection[str], Collection[str]], where: str
) -> None:
    names, taken = money
    for name in paced(members):
        if name in taken:
            continue
        by_name = money_names.plain(name) in names and not _is_null(members, name)
        if by_name or money_names.says_amount(name, bytes(members[name])):
            sentence = "is not taken, and an order without it would cost something else"
            raise refuse(Reason.INVALID, sentence, f"{where}{name}")


def plain(number: bytes) -> bytes:
    """The digits of a JSON number without an exponent, if there are not too many zeros.

    `1e-300000000` would become 300 million bytes. Such a number stays as it is, and is no amount.
    """
    _, _, exponent = number.lower().partition(b"e")
    if not exponent or len(exponent.lstrip(b"+-0")) > EXPONENT_DIGITS_MAX:
        return number
    return format(Decimal(number.decode()), "f").encode()


def _amount(raw: Raw) -> tuple[int, int] | bytes:
    text = bytes(raw)
    if text[0] in NUMBER_STARTS:
        text = plain(text)
    amount = parse(text.strip(b'"').decode())
    return text if amount is None else stripped(*amount)
