"""The legal moves, searched to the end: what any row of words can do to an order."""

from __future__ import annotations

import itertools

import pytest
from tests.core.test_words import EVERY, WORDS

from entrepot.core import lifecycle, words
from entrepot.core.facets import ENDED, FULFILMENTS, PAYMENTS, RETURNS, STAGES, Facets

Told = tuple[tuple[str, str], ...]
State = tuple[Facets, str]

# The tellings of one message: a word, or the two words of a dialect that has two axes.
MESSAGES: list[Told] = [
    *(((axis, word),) for axis, word in WORDS),
    *(
        ((one, first), (two, second))
        for one, two in (("polinate_phase", "polinate_status"), ("konvo", "konvo_shipment"))
        for first in words.AXES[one].rows
        for second in words.AXES[two].rows
    ),
]

# Facets after placing, reserving and settling (tests of the decisions show the same).
PIPELINE = [
    *(Facets("placed", payment) for payment in ("none", "pending")),
    *(Facets("confirmed", payment, "accepted") for payment in ("none", "authorized")),
    *(Facets("failed", payment) for payment in ("none", "pending", "declined", "voided")),
]


def after(facets: Facets, told: Told) -> Facets:
    for axis, word in told:
        facets = words.moved_by(axis, word, facets)
    return facets


def legal(state: State, told: Told, *, managed: bool) -> State | None:
    """The state after a message, None if the message is refused."""
    facets = after(state[0], told)
    if lifecycle.illegal(state[0], facets, managed) is not None:
        return None
    if managed and facets == state[0] and facets.stage in ENDED:
        return state
    said = lifecycle.said_by(state[0], facets) if managed else {}
    return facets, words.after_move(state[0], facets, state[1], said | dict(told))


def searched(axes: frozenset[str]) -> dict[State, dict[Told, State]]:
    """Every state a managed order can be brought to by messages of these axes, and the ways there.

    It begins wherever the pipeline can leave an order.
    """
    messages = [told for told in MESSAGES if {axis for axis, _ in told} <= axes]
    todo: list[State] = [(facets, "") for facets in PIPELINE]
    ways: dict[State, dict[Told, State]] = {}
    while todo:
        state = todo.pop()
        if state in ways:
            continue
        steps = {told: legal(state, told, managed=True) for told in messages}
        ways[state] = {told: there for told, there in steps.items() if there is not None}
        todo.extend(ways[state].values())
    return ways


def moves_between(ways: dict[State, dict[Told, State]], axis: str) -> dict[str, set[str]]:
    """From each word the words that one message leads to, staying not counted."""
    table: dict[str, set[str]] = {}
    for state, steps in ways.items():
        here = words.shown(*state)[axis]
        there = {words.shown(*after)[axis] for after in steps.values()}
        table.setdefault(here, set()).update(there - {here})
    return table


SYNQ = searched(frozenset({"synq"}))


def test_the_documented_rows_follow_from_the_tables() -> None:
    table = moves_between(SYNQ, "synq")
    assert table["confirmed"] == {"processing", "cancelled"}
    assert table["cancelled"] == table["failed"] == set()


def test_the_documented_rows_hold_whichever_dialect_moves_the_order() -> None:
    for axes in ({"synq"}, {"polinate_phase", "polinate_status"}, {"konvo", "konvo_shipment"}):
        table = moves_between(searched(frozenset({"synq", *axes})), "synq")
        assert table["confirmed"] == {"processing", "cancelled"}
        assert table["cancelled"] == set()
        # `deleted` is no word of Synq's, which goes on showing what the order was.
        assert table["failed"] == set()


def test_a_told_synq_order_never_goes_back() -> None:
    way = ["confirmed", "processing", "partially_fulfilled", "fulfilled", "delivered", "completed"]
    table = moves_between(SYNQ, "synq")
    for place, word in enumerate(way):
        assert not table[word] & set(way[:place]), word


@pytest.mark.parametrize("managed", [True, False])
def test_nothing_leaves_deleted(managed: bool) -> None:
    for before in (facets for facets in EVERY if facets.stage == "deleted"):
        for told in MESSAGES:
            moved = after(before, told)
            if moved != before:
                assert lifecycle.illegal(before, moved, managed)


def test_a_mirrored_order_takes_every_word_otherwise() -> None:
    for before in (facets for facets in EVERY if facets.stage != "deleted"):
        for axis, word in WORDS:
            moved = words.moved_by(axis, word, before)
            assert lifecycle.illegal(before, moved, managed=False) is None


def test_no_word_confirms_fails_or_pays_a_managed_order() -> None:
    for before in EVERY:
        for told in MESSAGES:
            moved = after(before, told)
            if moved == before or lifecycle.illegal(before, moved, managed=True) is not None:
                continue
            assert moved.payment == before.payment
            if moved.stage != before.stage:
                assert moved.stage not in {"confirmed", "failed"}


def test_an_ended_order_only_goes_to_deleted() -> None:
    for before in (f for f in EVERY if f.stage in ("cancelled", "rejected", "failed")):
        for told in MESSAGES:
            moved = after(before, told)
            if moved != before and lifecycle.illegal(before, moved, managed=True) is None:
                assert moved == before._replace(stage="deleted")


def test_no_other_move_of_any_pair_is_legal_than_the_tables_say() -> None:
    for before, moved in itertools.product(EVERY[::17], EVERY):
        if lifecycle.illegal(before, moved, managed=True) is None and before != moved:
            assert moved.stage in {before.stage, *lifecycle.STAGE_MOVES[before.stage]}
            assert moved.payment == before.payment
            goods = {before.fulfilment, *lifecycle.FULFILMENT_MOVES[before.fulfilment]}
            if moved.stage in ("cancelled", "rejected") and moved.stage != before.stage:
                goods.add("unassigned")  # an order that is called off has its goods on the shelf
            assert moved.fulfilment in goods
            assert moved.returns in {before.returns, *lifecycle.RETURN_MOVES[before.returns]}


def reached(table: dict[str, frozenset[str]], start: str) -> set[str]:
    seen, todo = set(), [start]
    while todo:
        value = todo.pop()
        if value not in seen:
            seen.add(value)
            todo.extend(table[value])
    return seen


def test_every_value_can_be_reached() -> None:
    stages = {
        stage: lifecycle.STAGE_MOVES[stage] | lifecycle.PIPELINE_MOVES.get(stage, frozenset())
        for stage in STAGES
    }
    assert reached(stages, "draft") == set(STAGES)
    assert reached(lifecycle.PAYMENT_MOVES, "none") == set(PAYMENTS)
    assert reached(lifecycle.FULFILMENT_MOVES, "unassigned") == set(FULFILMENTS)
    assert reached(lifecycle.RETURN_MOVES, "none") == set(RETURNS)


LEGAL = Facets("confirmed", "authorized", "packed")
CASES: list[tuple[Facets, Facets, str | None]] = [
    (LEGAL, LEGAL._replace(fulfilment="in_transit"), None),
    (LEGAL, LEGAL._replace(fulfilment="delivered"), None),
    (LEGAL, LEGAL._replace(stage="completed", fulfilment="delivered"), None),
    (LEGAL, LEGAL._replace(stage="completed"), "packed cannot be completed"),
    (LEGAL, LEGAL._replace(stage="cancelled"), None),
    (
        LEGAL._replace(fulfilment="in_transit"),
        LEGAL._replace(fulfilment="in_transit", stage="cancelled"),
        "in_transit cannot be cancelled",
    ),
    (LEGAL, LEGAL._replace(fulfilment="unassigned"), "packed cannot become unassigned"),
    (LEGAL, LEGAL._replace(stage="placed"), "confirmed order cannot become placed"),
    (LEGAL, LEGAL._replace(returns="requested"), "packed cannot come back"),
    (LEGAL, LEGAL._replace(payment="paid"), "payment moves only with its provider"),
    (Facets(), Facets(stage="confirmed"), "placed order cannot become confirmed"),
    (Facets(), Facets(stage="failed"), "placed order cannot become failed"),
    (Facets(), Facets(fulfilment="packed"), None),
    (Facets(), Facets(fulfilment="not_applicable"), None),
    (Facets(), Facets(fulfilment="in_transit"), "goods of a placed order"),
    (Facets(fulfilment="packed"), Facets(fulfilment="delivered"), "goods of a placed order"),
    (Facets(), Facets(stage="cancelled"), None),
    (
        Facets("confirmed"),
        Facets("completed", fulfilment="not_applicable"),
        "goods of a completed order",
    ),
    (
        Facets("confirmed"),
        Facets("cancelled", fulfilment="accepted"),
        "goods of a cancelled order",
    ),
    (Facets("confirmed"), Facets("confirmed", fulfilment="in_transit"), "cannot become in_transit"),
    (
        Facets("confirmed", fulfilment="delivered", returns="returned"),
        Facets("confirmed", fulfilment="delivered"),
        "return that is returned",
    ),
]


@pytest.mark.parametrize(("before", "moved", "why"), CASES)
def test_why_a_move_is_refused(before: Facets, moved: Facets, why: str | None) -> None:
    said = lifecycle.illegal(before, moved, managed=True)
    assert (said is None) if why is None else (said is not None and why in said)


def test_what_is_processing_can_be_fulfilled() -> None:
    ways = searched(frozenset({"synq", "polinate_status"}))
    processing = [state for state in ways if words.shown(*state)["synq"] == "processing"]
    assert {facets.fulfilment for facets, _ in processing} == {"packed", "not_applicable"}
    for state in processing:
        if state[0].fulfilment == "packed":
            assert words.shown(*ways[state][("synq", "fulfilled"),])["synq"] == "fulfilled"
