"""The sums of a payment's operations, by tables and for any operations."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.facets import PAYMENTS
from entrepot.core.funds import Funds, funds_of
from entrepot.core.lifecycle import PAYMENT_MOVES
from entrepot.core.money import Amount
from entrepot.core.payment import (
    FORWARD,
    KINDS,
    OPEN,
    STATES,
    FullPayment,
    Operation,
    Payment,
    Sums,
    facet,
    sums,
)
from entrepot.core.payment_keys import operation_key

ORDER = b"o" * 16
DUE = 100
PAYMENT = Payment(7, ORDER, 1, "stripe", "stripe", "pi", "EUR", Amount(DUE, 2), 1)


def operations(*said: str) -> tuple[Operation, ...]:
    """Operations such as `authorise done` or `capture 30 done`; without units, of the whole."""
    made = []
    for number, one in enumerate(said, 1):
        kind, *units, state = one.split()
        key = f"key-{number}"
        amount = int(units[0]) if units else DUE
        made.append(Operation(7, ORDER, 1, number, kind, amount, key, state, None, 1, 1))
    return tuple(made)


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        (("authorise prepared",), "pending"),
        (("authorise running",), "pending"),
        (("authorise declined",), "declined"),
        (("authorise given_up", "void done"), "voided"),
        (("authorise done",), "authorized"),
        (("authorise prepared", "void prepared"), "pending"),
        (("authorise done", "void prepared"), "authorized"),
        (("authorise done", "void running"), "authorized"),
        (("authorise done", "void done"), "voided"),
        (("authorise declined", "void given_up"), "declined"),
        (("authorise done", "capture prepared"), "authorized"),
        (("authorise done", "capture declined"), "authorized"),
        (("authorise done", "capture done"), "paid"),
        (("authorise done", "capture 30 done"), "authorized"),
        (("authorise done", "capture 30 done", "capture 70 done"), "paid"),
        (("authorise done", "capture 30 done", "void 70 done"), "paid"),
        (("authorise done", "capture 30 done", "refund 30 done"), "authorized"),
        (("authorise done", "capture done", "refund running"), "paid"),
        (("authorise done", "capture done", "refund declined"), "paid"),
        (("authorise done", "capture done", "refund 30 done"), "partially_refunded"),
        (("authorise done", "capture done", "refund 30 done", "refund 70 done"), "refunded"),
        (("authorise done", "capture done", "refund done"), "refunded"),
        (("authorise done", "capture 30 done", "void 70 done", "refund 30 done"), "refunded"),
    ],
)
def test_the_facet_follows_from_the_sums(said: tuple[str, ...], stands: str) -> None:
    its = operations(*said)
    assert facet(PAYMENT, its) == stands
    assert FullPayment(PAYMENT, its).facet == stands


def test_an_order_without_a_payment_has_nothing_to_pay() -> None:
    assert facet(None) == "none"
    assert facet(PAYMENT, ()) == "pending"


def test_only_what_is_done_is_summed() -> None:
    its = operations(
        "authorise done", "capture 40 done", "capture 9 declined", "capture 20 done",
        "void 5 running", "void 10 done", "refund 7 done", "refund 1 prepared",
    )  # fmt: skip
    assert sums(its) == Sums(authorised=100, captured=60, voided=10, refunded=7)
    assert sums(()) == Sums()


# --- what can be done next: a provider that keeps its word


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[Operation, ...]]:
    """The operations of one payment, after each step of a provider that gives what it has."""
    full = FullPayment(PAYMENT, operations("authorise prepared"))
    told = [full.operations]
    for now in range(2, 2 + draw(st.integers(1, 12))):
        done = sums(full.operations)
        held = done.authorised - done.captured - done.voided
        waiting = [one for one in full.operations if one.state in OPEN]
        if waiting:
            one = draw(st.sampled_from(waiting))
            # Requests that are made one after the other have their outcomes one by one.
            state = draw(st.sampled_from(sorted(FORWARD[one.state] - {"given_up"})))
            full = full.put(one.moved(state, now, f"ref-{one.number}"))
            if one.kind == "void" and state == "done" and not done.captured:
                full = full.put(full.authorisation.moved("given_up", now))
        elif held > 0:
            kind, part = draw(st.sampled_from(["capture", "void"])), draw(st.integers(1, held))
            its = full.void(now) if kind == "void" else full.further(kind, part, now)
            full = full.put(its)
        elif done.captured > done.refunded:
            part = draw(st.integers(1, done.captured - done.refunded))
            full = full.put(full.further("refund", part, now))
        told.append(full.operations)
    return told


@given(stories())
def test_the_facet_moves_as_the_lifecycle_allows(told: list[tuple[Operation, ...]]) -> None:
    stands = [facet(PAYMENT, its) for its in told]
    for before, after in itertools.pairwise(stands):
        assert before == after or after in PAYMENT_MOVES[before], (before, after)


@given(stories())
def test_operations_are_only_added_and_only_move_forward(told: list[tuple[Operation, ...]]) -> None:
    for before, after in itertools.pairwise(told):
        assert [one.number for one in after] == list(range(1, len(after) + 1))
        for was, one in zip(before, after, strict=False):
            assert (one.kind, one.units, one.key) == (was.kind, was.units, was.key)
            assert one.state == was.state or one.state in FORWARD[was.state]
        assert len(after) >= len(before)
    assert len({one.key for one in told[-1]}) == len(told[-1])


@given(
    st.lists(
        st.builds(
            lambda kind, units, state: (kind, units, state),
            st.sampled_from(KINDS),
            st.integers(1, DUE),
            st.sampled_from(sorted(STATES)),
        ),
        max_size=8,
    )
)
def test_any_operations_say_where_an_order_stands(said: list[tuple[str, int, str]]) -> None:
    its = operations("authorise done", *(f"{kind} {units} {state}" for kind, units, state in said))
    stands = facet(PAYMENT, its)
    assert stands in PAYMENTS
    done = sums(its)
    assert (stands == "authorized") == (done.authorised > done.captured + done.voided)
    # An operation that is not done yet changes nothing.
    assert facet(PAYMENT, [one for one in its if one.state not in OPEN]) == stands


# --- states and keys


@pytest.mark.parametrize("state", sorted(STATES))
def test_an_operation_moves_forward_only(state: str) -> None:
    [one] = operations(f"authorise {state}")
    for other in sorted(STATES):
        if other in FORWARD[state]:
            assert one.moved(other, 9).state == other
        else:
            with pytest.raises(AssertionError):
                one.moved(other, 9)


def test_no_state_leads_back() -> None:
    for state in STATES:
        reached, seen = set(FORWARD[state]), set()
        while reached:
            seen |= reached
            reached = {end for one in reached for end in FORWARD[one]} - seen
        assert state not in seen


def test_a_reference_stays_known() -> None:
    [one] = operations("authorise prepared")
    running = one.moved("running", 2, "ref")
    assert running.moved("done", 3).provider_reference == "ref"
    assert running.moved("done", 3, "other").provider_reference == "other"


def test_a_further_operation_has_a_key_of_its_own() -> None:
    full = FullPayment(PAYMENT, operations("authorise done"))
    void, capture = full.further("void", 5, 9), full.further("capture", 5, 9)
    assert (void.number, void.state, void.units, void.created_at) == (2, "prepared", 5, 9)
    assert void.key == operation_key("key-1", 7, ORDER, "void", 2)
    keys = {
        full.authorisation.key, void.key, capture.key, full.put(void).further("void", 5, 9).key,
        operation_key("key-1", 8, ORDER, "void", 2), operation_key("key-2", 7, ORDER, "void", 2),
    }  # fmt: skip
    assert len(keys) == 6


def test_a_void_is_for_what_was_not_captured_and_is_asked_once() -> None:
    full = FullPayment(PAYMENT, operations("authorise done", "capture 30 done"))
    void = full.void(9)
    assert (void.number, void.units) == (3, 70)
    assert full.put(void).void(10) == void


def test_the_payments_of_an_order_are_told_oldest_first() -> None:
    first, second = PAYMENT, PAYMENT._replace(number=2)
    its = operations("authorise done")
    later = [its[0]._replace(payment=2)]
    funds = funds_of([second, first], [*later, *its])
    assert funds == Funds((FullPayment(first, its), FullPayment(second, tuple(later))))
    assert funds_of([], []) is None
