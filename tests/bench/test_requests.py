"""The loads ask for what the product takes, and the yardstick takes what the product does."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bench.requests import CUSTOMER, KEY, NOBODY, Request, every

from bench import empty, wrk
from entrepot.edge.konvo.orders import wire as konvo
from entrepot.edge.polinate.orders import wire as polinate
from entrepot.edge.synq.orders import wire as synq

TOLD = NOBODY | {
    "konvo": {"api_key": "k"},
    "polinate": {"business_id": "bus_1", "api_key": "p"},
}
TYPES: dict[str, Any] = {
    "/api/v1/oms/orders": synq.CreateOrder,
    "/api/v1/orders": polinate.CreateOrder,
    "/orders": konvo.OrderInput,
}


def filled(request: Request) -> str:
    return request.order.replace(KEY, "key-1").replace(CUSTOMER, "7")


@pytest.mark.parametrize("request_", every(TOLD), ids=lambda r: r.name)
def test_every_request_is_one_that_its_dialect_reads(request_: Request) -> None:
    taken = msgspec.json.decode(filled(request_), type=TYPES[request_.path])
    known = {field.encode_name for field in msgspec.structs.fields(taken)}
    assert set(json.loads(filled(request_))) <= known


@pytest.mark.parametrize("request_", every(TOLD), ids=lambda r: r.name)
def test_every_order_carries_a_key_that_the_script_fills(request_: Request, tmp_path: Path) -> None:
    script = wrk.script(request_, tmp_path / "out.json")
    parts, keys, customers = script.splitlines()[1].partition("= ")[2].rsplit("}, {", 2)
    told = [part.partition("]==]")[0] for part in parts.split("[==[")[1:]]
    assert "".join(told) == request_.order
    assert {told[int(at) - 1] for at in keys.split(", ")} == {KEY}
    here = customers.removesuffix("}")
    assert {told[int(at) - 1] for at in here.split(", ") if at} <= {CUSTOMER}
    assert (CUSTOMER in request_.order) == bool(here)


def test_a_request_of_many_orders_counts_them_all() -> None:
    one = every(TOLD)[0]
    assert one.orders == 1
    assert dataclasses.replace(one, array=100).orders == 100


@pytest.mark.parametrize("name", ["CreateOrder", "LineItem", "OrderCreated"])
def test_the_empty_handler_has_the_members_of_synq(name: str) -> None:
    ours, theirs = (
        {field.encode_name: field.required for field in msgspec.structs.fields(kind)}
        for kind in (getattr(empty, name), getattr(synq, name))
    )
    assert ours == theirs
