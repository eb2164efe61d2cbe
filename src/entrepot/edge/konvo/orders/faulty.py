"""The orders of an array that cannot be taken: all of them are named, with how to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import msgspec

from entrepot.core.refusal import FAULTS_MAX, OTHERS_CAN_GO, Reason, Refusal, Refused, all_of
from entrepot.edge import every_fault
from entrepot.edge.konvo.orders import wire
from entrepot.edge.strict_json import decimal, placed
from entrepot.pace import breathe

# Faults of one order that are looked for.
ORDER_FAULTS_MAX = 10
Read = Callable[[wire.OrderInput, str], Any]

_parts = msgspec.json.Decoder(list[msgspec.Raw]).decode
_order = msgspec.json.Decoder(wire.OrderInput, float_hook=decimal).decode


def of_array(body: bytes, read: Read) -> Refusal | None:
    """The refusal that names every order of the array that is none, or that `read` refuses.

    None where it is the array that is at fault. The body is JSON that was looked at before.
    """
    try:
        parts = _parts(body)
    except msgspec.ValidationError:
        return None
    if len(parts) > wire.ORDERS_MAX:
        return None
    found = [list(islice(_of_order(bytes(part), f"[{n}]", read), ORDER_FAULTS_MAX))
             for n, part in enumerate(parts)]  # fmt: skip
    return kept_out([faults for faults in found if faults], len(parts))


def kept_out(faulty: list[list[Refusal]], orders: int) -> Refusal | None:
    """The refusal that names the faults of these orders, as many as there is room for."""
    if not faulty:
        return None
    room = max(1, FAULTS_MAX // len(faulty))
    told = all_of([fault for faults in faulty for fault in faults[:room]])
    left = sum(len(faults[room:]) for faults in faulty)
    advice = OTHERS_CAN_GO if len(faulty) < orders else ""
    return replace(told, unnamed=told.unnamed + left, advice=advice)


def _of_order(part: bytes, where: str, read: Read) -> Iterator[Refusal]:
    breathe()
    try:
        read(_order(part), where)
    except Refused as refused:
        yield refused.refusal
    except msgspec.ValidationError as error:
        every = every_fault.of_object(part, wire.OrderInput, where)
        faults = list(islice(every, ORDER_FAULTS_MAX))
        for fault in faults or [placed(str(error))]:
            yield Refusal(Reason.INVALID, fault.problem, fault.path or where)
