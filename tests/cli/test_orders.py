"""`entrepot orders`, `explain` and `retry`: what an operator sees of orders that do not move."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import update
from tests.cli.office import DOWN, LATER, TURN, Office
from tests.factories import new_id, open_shop
from tests.quantities import much

from entrepot.cli.events import events
from entrepot.cli.explain import explain
from entrepot.cli.order_commands import cancel, capture, resolve
from entrepot.cli.orders import orders, retry
from entrepot.cli.session import OperatorError
from entrepot.clock import now
from entrepot.core import ids
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.take_back import TakeBack
from entrepot.core.payment_keys import payment_key
from entrepot.core.shipments import Carriage, Part
from entrepot.store import schema
from entrepot.store.writing import processes

PARKED: dict[str, Any] = {"parked": True, "error": "sandbox: the credentials are refused"}
PENDING: dict[str, Any] = {
    "counted": False, "error": "waiting for the provider's notification",
    "waiting": "the provider's notification, until 2026-11-28T08:54:10Z",
}  # fmt: skip


def test_orders_that_wait_and_that_are_parked_are_listed(office: Office) -> None:
    waiting, parked, pending = office.place(), office.place(PARKED), office.place(PENDING)
    all_ = office.told(orders)
    assert [one["order_id"] for one in all_] == [
        ids.dashed(order.id) for order in (waiting, parked, pending)
    ]
    assert [one["state"] for one in all_] == ["waiting", "parked", "waiting"]
    assert [one["tries"] for one in all_] == [1, 1, 0]
    assert all_[0]["reason"] == f"waiting: {TURN}"
    assert all_[0]["last_error"] == DOWN
    assert all_[1]["reason"] == "parked: authorise: sandbox: the credentials are refused"
    assert all_[1]["next_try"] is None
    assert office.told(orders, waiting=True) == [all_[0], all_[2]]
    assert office.told(orders, parked=True) == [all_[1]]
    assert office.told(orders, "Shop", parked=True) == [all_[1]]
    assert office.told(orders, limit=2) == all_[:2]
    text = office.types(orders, parked=True)
    assert text == f"1  {all_[1]['order_id']}  authorise  {all_[1]['reason']}\n"


def test_a_list_of_nothing_says_so_and_of_nobody_is_refused(office: Office) -> None:
    assert office.types(orders, parked=True) == "no order is parked\n"
    assert office.types(orders) == "no order is waiting or parked\n"
    assert office.told(orders, "Shop") == []
    for wrong in (partial(orders, "Nobody"), partial(orders, limit=0)):
        with pytest.raises(OperatorError):
            wrong()


def test_another_organization_s_orders_are_not_listed(office: Office) -> None:
    office.place()
    office.write(lambda conn: open_shop(conn, "Other"))
    assert office.told(orders, "Other") == []
    assert len(office.told(orders)) == 1


def test_an_order_that_a_worker_has_in_hand_waits_for_nothing(office: Office) -> None:
    order = office.place()
    office.write(
        lambda conn: conn.execute(
            update(schema.jobs).values(leased_until=now() + LATER, last_error=None)
        )
    )
    assert office.told(orders) == []
    assert office.told(explain, "Shop", ids.dashed(order.id))["waits_for"].startswith(
        "authorise is under way; its worker holds it until "
    )


def test_an_order_whose_worker_fell_silent_is_listed_and_explained(office: Office) -> None:
    order = office.place()
    office.write(
        lambda conn: conn.execute(
            update(schema.jobs).values(leased_until=now() + LATER, last_error=None, holder=7)
        )
    )
    office.write(partial(processes.beat, process=7, now=now() - 60_000_000))
    assert len(office.told(orders, waiting=True)) == 1
    assert office.told(explain, "Shop", ids.dashed(order.id))["waits_for"].startswith(
        "its worker is gone (seen last "
    )


# --- explain


def test_everything_of_an_order_is_explained(office: Office) -> None:
    order = office.place(quantity=2)
    told = office.told(explain, "Shop", ids.dashed(order.id))
    assert told["order_id"] == ids.dashed(order.id)
    assert told["stands"] == {
        "stage": "placed", "payment": "pending", "fulfilment": "unassigned", "returns": "none",
    }  # fmt: skip
    assert told["reason"] == f"waiting: {TURN}"
    assert told["waits_for"].startswith("authorise, try 2, next ")
    assert DOWN in told["waits_for"]
    assert "; the hold of its stock ends " in told["waits_for"]
    [job], [payment], [claim] = told["jobs"], told["payments"], told["reservations"]
    assert (job["step"], job["tries"], job["last_error"]) == ("authorise", 1, DOWN)
    tenant = office.shop.org.to_bytes(8, "big")
    assert (payment["stands"], payment["amount"]) == ("pending", "25.00 EUR")
    [asked] = payment["operations"]
    assert asked["key"] == payment_key(b"s" * 32, tenant, order.id, "authorise", 1)
    assert (asked["operation"], asked["state"]) == ("authorise", "prepared")
    assert asked["amount"] == "25.00 EUR"
    assert claim["state"] == "held"
    assert [event["type"] for event in told["events"]] == ["order.placed", "stock.reserved"]
    assert told["legal_words"]["polinate_phase"] == ["REJECTED", "CANCELLED"]
    # The last two are kept until the order is confirmed.
    assert told["legal_words"]["konvo"] == ["cancelled", "fulfilled", "shipped"]
    text = office.types(explain, "Shop", ids.dashed(order.id))
    assert f"\nwaits_for: {told['waits_for']}\n" in text
    assert "\n  polinate_phase: REJECTED, CANCELLED\n" in text


def test_what_of_an_order_was_shipped_is_explained(office: Office) -> None:
    order = office.run(office._place, None, {"reference": None, "quantity": 4})
    carriage = Carriage("DHL", "00340", "https://dhl.example/00340")
    parts = (Part(order.lines[0].id, much(3)),)
    office.do(ShipOrder(order.org, "native", order.id, parts, carriage))
    told = office.told(explain, "Shop", ids.dashed(order.id))
    [claim], [shipment] = told["reservations"], told["shipments"]
    assert (claim["state"], claim["quantity"], claim["shipped"]) == ("committed", "4", "3")
    assert shipment.pop("shipped_at")
    assert ids.spelled(shipment.pop("id"))
    assert shipment == {
        "number": 1, "state": "sent", "delivered_at": None,
        "lines": f"3 of {ids.dashed(order.lines[0].id)}", **carriage._asdict(),
    }  # fmt: skip
    office.do(TakeBack(order.org, "native", order.id, (Part(order.lines[0].id, much("1.5")),)))
    office.do(TakeBack(order.org, "native", order.id, restock=False))
    first, second = office.told(explain, "Shop", ids.dashed(order.id))["returns"]
    assert (first["restocked"], first["scrapped"]) == (
        f"1.5 of {ids.dashed(order.lines[0].id)}",
        None,
    )
    assert (second["restocked"], second["scrapped"]) == (None, first["restocked"])
    assert "\n  number 1, shipped_at " in office.types(explain, "Shop", ids.dashed(order.id))


def test_the_commands_that_an_order_takes_are_explained(office: Office) -> None:
    order = ids.dashed(office.place().id)
    told = office.told(explain, "Shop", order)
    assert (told["stage"], told["try"], told["tries_max"]) == ("placed", 2, 50)
    assert (told["waiting_for"], told["sentence"]) == (told["waits_for"], told["reason"])
    why_not = {one["command"]: one["why_not"] for one in told["legal"]}
    assert (why_not["cancel"], why_not["retry"]) == (None, None)
    text = office.types(explain, "Shop", order)
    assert "\nlegal:\n  amend\n" in text
    assert "\n  ship: not now: goods of a placed order do not move\n" in text


WAITS = [
    (PARKED, "you: authorise: sandbox: the credentials are refused; the hold of its stock ends "),
    (PENDING, "authorise, try 1, next "),
    ({"run_at": 0}, "a worker: authorise is due since 1970-01-01T00:00:00Z; the hold "),
    ({"run_at": 2**62}, "authorise, try 2, next 9999-12-31T23:59:59Z"),
]


def test_what_an_order_waits_for_is_said(office: Office) -> None:
    for how, waits_for in WAITS:
        order = office.place(how)
        told = office.told(explain, "Shop", ids.dashed(order.id))
        assert told["waits_for"].startswith(waits_for)


def test_an_order_without_a_step_waits_for_nothing(office: Office) -> None:
    order = office.place(PARKED)
    office.do(AmendOrder(1, "polinate", order.id, words=(("polinate_phase", "CANCELLED"),)))
    office.write(lambda conn: conn.execute(schema.jobs.delete()))
    told = office.told(explain, "Shop", ids.dashed(order.id))
    assert told["waits_for"] == "nothing: its pipeline has no step left"
    assert told["legal_words"]["polinate_phase"] == ["DELETED"]


def test_an_order_is_known_by_every_id_that_a_dialect_takes(office: Office) -> None:
    order = office.place(external_id="x-17", external_reference="INV 4/2026")
    dashed = ids.dashed(order.id)
    spellings = [
        dashed, dashed.upper(), f"ord_{order.id.hex()}", ids.internal_reference(order.id),
        "x-17", "INV 4/2026",
    ]  # fmt: skip
    for text in spellings:
        assert office.told(explain, "Shop", text)["order_id"] == dashed
    for unknown in ("x-18", ids.dashed(new_id()), ""):
        with pytest.raises(OperatorError, match="no order is called"):
            explain("Shop", unknown)


def test_an_order_is_found_in_any_organization(office: Office) -> None:
    first, second = office.place(external_id="x-1"), office.place(external_name="1")
    office.write(lambda conn: open_shop(conn, "Other"))
    dashed = ids.dashed(first.id)
    for words in ((dashed,), ("x-1",), ("#1",), ("Shop", "#1"), ("Shop", "x-1")):
        assert office.told(explain, *words)["order_id"] == dashed
    assert office.told(explain, "#2")["order_id"] == ids.dashed(second.id)
    assert office.told(explain, "x-1", org="Shop")["order_id"] == dashed
    with pytest.raises(OperatorError, match="no order"):
        explain("x-1", org="Other")
    # The number of the first order is the name of the second one: no wrong one is cancelled.
    with pytest.raises(OperatorError, match="more than one order") as ambiguous:
        cancel("1")
    assert all(ids.dashed(one.id) in str(ambiguous.value) for one in (first, second))
    for words in ((), ("Shop", "x-1", "more")):
        with pytest.raises(OperatorError):
            explain(*words)


def test_a_shared_payment_is_explained(office: Office) -> None:
    first, second = (office.place(reference="pi_1") for _ in range(2))
    told = [office.told(explain, "Shop", ids.dashed(order.id)) for order in (first, second)]
    said = f"shared_payment: stripe pi_1 was already the payment of order {told[0]['order_id']}"
    assert [one["reason"] for one in told] == [f"waiting: {TURN}", f"waiting: {TURN}; {said}"]


# --- cancel, and what has failed


def test_an_order_is_cancelled_and_listed_as_what_it_is(office: Office) -> None:
    order = office.place(PARKED, external_id="x-1")
    assert office.types(cancel, "x-1") == "order x-1 is cancelled\n"
    told = office.told(explain, "x-1")
    assert (told["stage"], told["reason"]) == ("cancelled", "cancelled: told by operator")
    cancelled = next(event for event in told["events"] if event["type"] == "order.cancelled")
    assert (cancelled["source"], cancelled["actor"]) == ("operator", "operator:cancel")
    assert office.jobs() == [("due", 0, True)], "its payment is asked for and voided at once"
    again = office.types(cancel, ids.dashed(order.id))
    assert again == f"order {ids.dashed(order.id)} is cancelled\n"
    assert office.told(explain, "x-1")["events"] == told["events"]
    assert office.types(orders, failed=True) == "no order has failed\n"


def test_a_parked_payment_is_resolved_with_proof(office: Office) -> None:
    order = office.place(PARKED, external_id="x-1")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"proof": "seen by Ada"}, "--found must be said"),
        ({"proof": "seen by Ada", "found": "done"}, "--reference must be told"),
        ({"proof": " ", "found": "nothing"}, "--proof must not be blank"),
    ]
    for flags, says in wrong:
        with pytest.raises(OperatorError, match=says):
            resolve("x-1", **flags)
    said = office.types(resolve, "#1", proof="seen by Ada", found="done", reference="ch_1")
    assert said == "order #1 is resolved: confirmed, payment authorized\n"
    told = office.told(explain, "x-1")
    assert (told["stage"], told["jobs"]) == ("confirmed", [])
    [payment] = told["payments"]
    assert payment["operations"][0]["provider_reference"] == "ch_1"
    last = told["events"][-1]
    assert (last["type"], last["actor"]) == ("order.resolved", "operator:resolve")
    assert office.told(orders) == []
    with pytest.raises(OperatorError, match="no step of the order is parked"):
        resolve(ids.dashed(order.id), proof="again", found="done")
    assert '"proof":"seen by Ada"' in office.types(events, "Shop", as_json=True)


def test_the_money_of_an_order_is_taken_by_hand(office: Office) -> None:
    order = office.place(PARKED)
    with pytest.raises(OperatorError, match="the money of a placed order is not taken"):
        capture(ids.dashed(order.id))
    office.types(resolve, "#1", proof="seen by Ada", found="done", reference="ch_1")
    assert office.types(capture, "#1") == "the money of order #1 is being taken\n"
    told = office.told(explain, "#1")
    [asked] = told["payments"][0]["operations"][1:]
    assert (asked["operation"], asked["state"]) == ("capture", "prepared")
    assert told["events"][-1]["actor"] == "operator:capture"
    assert [job["step"] for job in told["jobs"]] == ["capture"]


def test_failed_orders_are_listed_with_their_reasons(office: Office) -> None:
    first, second = (office.run(office._place, None, {"quantity": q}) for q in (1, 200_000))
    [one] = office.told(orders, failed=True)
    assert one["order_id"] == ids.dashed(second.id)
    assert (one["state"], one["number"]) == ("failed", second.number or 2)
    assert one["reason"].startswith("out_of_stock: ")
    assert office.told(orders, "Shop", failed=True, limit=1) == [one]
    assert f"  #2  {one['reason']}\n" in office.types(orders, failed=True)
    assert first.facets.stage == "placed"


# --- retry


def test_a_waiting_and_a_parked_order_are_taken_up_by_hand(office: Office) -> None:
    waiting, parked = office.place(external_id="x-1"), office.place(PARKED)
    for text, order in (("x-1", waiting), (ids.dashed(parked.id), parked)):
        assert office.types(retry, "Shop", text) == f"order {text} goes on\n"
        told = office.told(explain, "Shop", ids.dashed(order.id))
        assert told["reason"].startswith("waiting: its stock is reserved and its payment auth")
    assert office.jobs() == [("due", 0, True)] * 2


def test_all_are_taken_up_but_those_that_only_wait_for_a_notification(office: Office) -> None:
    office.place()
    office.place(PARKED)
    office.place(PENDING)
    assert office.types(retry, all_=True) == "2 steps go on\n"
    assert office.jobs() == [("due", 0, True), ("due", 0, True), ("due", 0, False)]


def test_all_of_one_cause_are_taken_up(office: Office) -> None:
    office.place()
    office.place(PARKED)
    for text, number in (("100%", 0), ("_", 0), ("credentials", 1), ("LEDGER is", 1)):
        assert office.types(retry, all_=True, reason=text) == f"{number} steps go on\n"


def test_all_of_one_organization_are_taken_up(office: Office) -> None:
    office.place(PARKED)
    office.write(lambda conn: open_shop(conn, "Other"))
    assert office.types(retry, "Other", all_=True) == "0 steps go on\n"
    assert office.types(retry, "Shop", all_=True) == "1 steps go on\n"


def test_a_fetch_that_is_parked_is_listed_and_taken_up(office: Office) -> None:
    row = {
        "org": 1, "id": new_id(), "kind": "fetch", "payload": "their-7", "state": "parked",
        "run_at": 2**60, "leased_until": 0, "fence": 1, "tries": 20, "created_at": now(),
        "last_error": "the source answered 500",
    }  # fmt: skip
    office.write(lambda conn: conn.execute(schema.jobs.insert().values(**row)))
    [listed] = office.told(orders, parked=True)
    assert (listed["order_id"], listed["notified"]) == (None, "their-7")
    assert "notified as their-7" in office.types(orders)
    assert office.types(retry, all_=True, reason="answered 500") == "1 steps go on\n"
    assert office.jobs() == [("due", 0, True)]


def test_what_a_worker_has_in_hand_is_left_alone(office: Office) -> None:
    order = office.place(PARKED)
    office.write(lambda conn: conn.execute(update(schema.jobs).values(leased_until=now() + LATER)))
    assert office.types(retry, all_=True) == "0 steps go on\n"
    with pytest.raises(OperatorError, match="under way"):
        retry("Shop", ids.dashed(order.id))


def test_more_than_one_page_is_taken_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("entrepot.cli.orders.CHUNK", 3)

    async def many() -> None:
        for _ in range(10):
            await office._place(PARKED, {})

    office.run(many)
    assert office.types(retry, all_=True) == "10 steps go on\n"


WRONG: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}), (("Shop",), {}), (("Shop", "x"), {"all_": True}), (("x",), {}),
    (("Shop", "x"), {"reason": "why"}), (("Shop", "x-unknown"), {}), (("Nobody", "x"), {}),
]  # fmt: skip


def test_a_retry_of_nothing_in_particular_is_refused(office: Office) -> None:
    for args, flags in WRONG:
        with pytest.raises(OperatorError):
            retry(*args, **flags)
