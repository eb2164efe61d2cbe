"""A repeat of an old request is replayed after an upgrade that gives a type one more field.

Each case gives one wire type or one draft type an optional field, reads a body with the code that
results, and looks whether answers that are stored under today's keys are still the answers.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from tests.edge.konvo import samples as of_konvo
from tests.edge.polinate import samples as of_polinate
from tests.edge.synq import test_read as of_synq

from entrepot.core.commands import CustomerRef, DraftLine, LineChange, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.order import StoredAnswer
from entrepot.core.refusal import Refusal
from entrepot.edge.access import Principal
from entrepot.edge.konvo.orders import wire as konvo
from entrepot.edge.polinate.orders import fingerprints
from entrepot.edge.polinate.orders import wire as polinate
from entrepot.edge.synq.inventory import wire as inventory
from entrepot.edge.synq.orders import wire as synq
from entrepot.writer.envelope import Idempotency, Outcome
from entrepot.writer.idempotency import replay, version_of

DRAFTS = [
    VariantRef, DraftLine, CustomerRef, PlaceOrder, OrderDraft, MirrorOrders, LineChange,
    AmendOrder, NotifyOrder, AdjustStock,
]  # fmt: skip
FIELD = "    later: str | None = None\n"
DIALECTS = ("entrepot.edge.synq", "entrepot.edge.polinate", "entrepot.edge.konvo")

Body = dict[str, Any]
PRINCIPAL = Principal(7, of_polinate.ORG_ID, b"t" * 16, "EDITOR")
ORDER_ID = b"\x07" * 16
LINES = [
    of_polinate.new_line(properties={"b": 1.50, "a": None}),
    {"itemListEntryId": of_polinate.ENTRY, "quantity": 1.0},
]
BODIES: dict[str, Body] = {
    "synq.createOrder": of_synq.order(
        customer_id=of_synq.CUSTOMER, channel="web", items=[of_synq.stocked(), of_synq.line()]
    ),
    "synq.adjustInventory": {
        "variant_id": of_synq.VARIANT, "location_id": of_synq.LOCATION, "quantity_delta": -5,
    },
    "polinate.createOrder": of_polinate.new_order(orderItems=LINES, notes="n", properties={"z": 1}),
    "polinate.updateOrder": {
        "order": {"notes": None, "totalAmount": "5.00", "properties": {"b": {"c": 1.25}}},
        "createOrderItems": LINES,
        "updateOrderItems": [{"id": of_polinate.LINE_ID, "quantity": 3, "price": "2"}],
        "deleteOrderItems": [of_polinate.LINE_ID],
    },
    "polinate.notifyOrder": {"orderId": "PO-9", "businessId": of_polinate.BUSINESS},
}  # fmt: skip


def told(operation: str, body: Body) -> Idempotency:
    """The key and fingerprint that the code imported now makes of a body."""
    dialect, _, name = operation.partition(".")
    noun = "inventory" if name == "adjustInventory" else "orders"
    read = importlib.import_module(f"entrepot.edge.{dialect}.{noun}.read")
    sent = json.dumps(body).encode()
    if name == "createOrder" and dialect == "synq":
        found = read.create_order(sent, PRINCIPAL).idempotency
    elif name == "adjustInventory":
        found = read.adjust_stock(read.ADJUST_STOCK.decode(sent), "key-1", PRINCIPAL)[1]
    elif name == "createOrder":
        found = read.create_order(read.posted(sent), "key-1", PRINCIPAL)[1]
    elif name == "updateOrder":
        found = read.amend_order(read.changes(sent), ORDER_ID, "key-1", PRINCIPAL)[1]
    else:
        prints = importlib.import_module("entrepot.edge.polinate.orders.fingerprints")
        found = prints.of_notification(read.posted(sent), PRINCIPAL, "key-1")
    assert isinstance(found, Idempotency)
    return found


def versions(known: Idempotency) -> list[bytes]:
    """The fingerprints that the program has stored for such a request, the newest version first."""
    numbered = [known.fingerprint, *(make() for make in known.older)]
    return [*numbered, *(one[1:] for one in numbered if version_of(one) == 1)]


def stored(known: Idempotency, fingerprint: bytes) -> StoredAnswer:
    return StoredAnswer(7, "key-1", known.operation, fingerprint, 201, b"{}", None, 1)


KEPT = {operation: told(operation, body) for operation, body in BODIES.items()}
DIGESTS = [draft.digest for draft in of_konvo.command(of_konvo.told(of_konvo.order())).drafts]


@contextmanager
def one_field_more(changed: type) -> Iterator[None]:
    """The dialects and their drafts imported anew, from sources in which the type has the field."""
    name = changed.__module__
    fresh = (*DIALECTS, *{draft.__module__ for draft in DRAFTS})
    kept = {known: sys.modules.pop(known) for known in list(sys.modules) if known.startswith(fresh)}
    try:
        _install(name, _source(kept[name], changed.__name__))
        yield
    finally:
        for known in [known for known in sys.modules if known.startswith(fresh)]:
            del sys.modules[known]
        for known, module in kept.items():
            sys.modules[known] = module
            parent, _, child = known.rpartition(".")
            setattr(sys.modules[parent], child, module)


def _source(module: ModuleType, type_name: str) -> str:
    """The module's source with one more field at the end of the type."""
    text = Path(str(module.__file__)).read_text()
    found = next(
        node for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and node.name == type_name
    )  # fmt: skip
    lines = text.splitlines(keepends=True)
    lines.insert(found.end_lineno or 0, FIELD)
    return "".join(lines)


def _install(name: str, source: str) -> None:
    parent, _, child = name.rpartition(".")
    package = importlib.import_module(parent)
    module = sys.modules[name] = ModuleType(name)
    setattr(package, child, module)
    exec(compile(source, f"{name} with a field more", "exec"), module.__dict__)


def types_of(wire: ModuleType) -> list[type]:
    return [
        found for found in vars(wire).values()
        if isinstance(found, type) and issubclass(found, msgspec.Struct)
        and found.__module__ == wire.__name__
    ]  # fmt: skip


def everywhere(body: Any) -> Any:
    """The body with a member more in each of its objects."""
    if isinstance(body, list):
        return [everywhere(one) for one in body]
    if not isinstance(body, dict):
        return body
    return {name: everywhere(one) for name, one in body.items()} | {"later": "x"}


@pytest.mark.parametrize(
    "changed",
    [*DRAFTS, *types_of(synq), *types_of(inventory), *types_of(polinate), *types_of(konvo)],
    ids=lambda changed: f"{changed.__module__.split('.')[2]}.{changed.__name__}",
)
def test_an_old_request_is_replayed_when_a_type_has_one_more_field(changed: type) -> None:
    with one_field_more(changed):
        for operation, body in BODIES.items():
            known, repeat = KEPT[operation], told(operation, body)
            for version in versions(known):
                assert isinstance(replay(repeat, stored(known, version)), Outcome), operation
        sent = of_konvo.told(of_konvo.order())
        read = importlib.import_module("entrepot.edge.konvo.orders.read")
        command = read.mirror_orders(read.orders(sent), PRINCIPAL)
        assert [draft.digest for draft in command.drafts] == DIGESTS


@pytest.mark.parametrize("changed", [synq.CreateOrder, synq.LineItem, polinate.NewLine])
def test_a_member_that_was_not_known_when_it_was_sent_makes_no_other_request(changed: type) -> None:
    bodies = {
        operation: everywhere(body) for operation, body in BODIES.items() if "create" in operation
    }
    known = {operation: told(operation, body) for operation, body in bodies.items()}
    with one_field_more(changed):
        for operation, body in bodies.items():
            kept = known[operation]
            repeat = told(operation, body)
            assert isinstance(replay(repeat, stored(kept, kept.fingerprint)), Outcome), operation


@pytest.mark.parametrize("operation", BODIES)
def test_another_content_is_refused_under_every_version(operation: str) -> None:
    known = KEPT[operation]
    other = {"variant_id": of_synq.CUSTOMER, "orderId": "PO-8", "notes": "other"}
    body = BODIES[operation]
    name = next((name for name in body if name in other), None)
    changed = body | {name: other[name]} if name else body | {"deleteOrderItems": []}
    if operation == "synq.createOrder":
        changed = body | {"channel": "shop"}
    repeat = told(operation, changed)
    for version in versions(known):
        refused = replay(repeat, stored(known, version))
        assert isinstance(refused, Refusal)
        part = next(part for part in changed if changed[part] != body.get(part))
        assert refused.detail == f"the key was used before with another {part}"


OTHER_LINE = {
    "product_title": "Cup", "unit_price": 1, "quantity": 9, "variant_id": of_synq.CUSTOMER,
    "location_id": of_synq.CUSTOMER, "sku": "S-9", "variant_title": "Red",
    "requires_shipping": False,
}  # fmt: skip


def test_every_member_of_a_synq_line_is_compared() -> None:
    assert set(OTHER_LINE) == set(synq.LineItem.__struct_fields__)
    for name, value in OTHER_LINE.items():
        body = of_synq.order(items=[of_synq.stocked() | {name: value}])
        first = told("synq.createOrder", of_synq.order())
        assert told("synq.createOrder", body).fingerprint != first.fingerprint, name


def test_every_member_of_a_body_is_in_the_newest_version_of_its_fingerprint() -> None:
    """A new member needs a version of its own: see writer.idempotency.fingerprint."""
    parts = {operation: set(known.parts) for operation, known in KEPT.items()}
    fields = set(synq.CreateOrder.__struct_fields__) - {"idempotency_key", "line_items"}
    assert parts["synq.createOrder"] == fields
    assert parts["synq.adjustInventory"] == set(inventory.AdjustStock.__struct_fields__)
    for names, wire in (
        (parts["polinate.createOrder"], polinate.CreateOrder),
        (parts["polinate.updateOrder"] - {"id"}, polinate.UpdateOrder),
        (parts["polinate.notifyOrder"], polinate.NotifyOrder),
        (set(fingerprints.LINE), polinate.NewLine),
        (set(fingerprints.ORDER_CHANGES), polinate.OrderChanges),
        (set(fingerprints.LINE_CHANGES), polinate.LineChanges),
    ):
        assert names == set(wire.__struct_encode_fields__)
