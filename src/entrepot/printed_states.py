"""The states of an order and of its goods, for docs/lifecycle.md: tables, pictures, sentences; and
the calls that reach each word.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from entrepot.core import lifecycle, reservations, returns, shipments, states, words
from entrepot.core.states import State
from entrepot.edge import words as _registered  # noqa: F401 - the words of every dialect
from entrepot.edge.reached import AXES, STORIES, Call, Story

Moves = Mapping[str, frozenset[str]]

_STATES = """
## The states

How one gets in, how one gets out, and who waits for what. Payments and their operations are above.
"""
_REACHED = """
## Which call reaches which word

A test makes these calls of a running server, and reads the order in every dialect. `{id}` is the
order's id in the spelling of the dialect, `{line}` and `{return}` are ids of the native API. Of a
body the table says what is told beside the rest that the dialect demands. Where several ways lead
to a word, one stands here. Only the native API tells of a part that ships or comes back.
Synq's own calls place and read orders: no document of Synq has a call that moves an order behind
`confirmed`, so its clients read `partially_fulfilled`, `return_requested`, `partially_returned` and
the other later words after calls of the other APIs.
"""
_NAMES = {
    "synq": "Synq `status`",
    "polinate_phase": "Polinate `phase`",
    "polinate_status": "Polinate `status`",
    "konvo": "Konvo `status`",
    "konvo_shipment": "Konvo `shipmentStatus`",
}


def printed_states() -> str:
    """The chapter of the states."""
    by_pipeline = {
        stage: lifecycle.STAGE_MOVES[stage] | lifecycle.PIPELINE_MOVES.get(stage, frozenset())
        for stage in lifecycle.STAGE_MOVES
    }
    parts = [
        _STATES,
        _chapter("Order: stage", states.STAGE, by_pipeline),
        _chapter("Order: fulfilment", states.FULFILMENT, lifecycle.FULFILMENT_MOVES),
        _chapter("Order: returns", states.RETURN, lifecycle.RETURN_MOVES),
        _chapter("Reservation", states.RESERVATION, reservations.STATE_MOVES, reservations.STATES),
        _chapter("Shipment", states.SHIPMENT, shipments.STATE_MOVES, shipments.STATES),
        _chapter("Return", states.RETURN_OF_GOODS, returns.STATE_MOVES, returns.STATES),
    ]
    return "".join(parts)


def printed_reached() -> str:
    """The chapter of the calls."""
    parts = [_REACHED]
    for axis in AXES:
        rows = []
        for word in words.AXES[axis].rows:
            found = next(story for story in STORIES if story.words[axis] == word)
            rows.append((f"`{word}`", _calls(found), *_others(axis, found)))
        others = [_NAMES[other] for other in AXES if other != axis]
        parts.append(f"\n### {_NAMES[axis]}\n\n")
        parts.append(_table(("word", "calls", *others), rows))
    return "".join(parts)


def _chapter(
    title: str, told: Mapping[str, State], moves: Moves, means: Mapping[str, str] | None = None
) -> str:
    """A picture, and a table with a row for each state."""
    edges = [
        f"    {state} --> {after}\n" for state in told for after in told if after in moves[state]
    ]
    picture = "```mermaid\nstateDiagram-v2\n" + "".join(edges) + "```\n\n"
    head = ("state", *(["means"] if means else []), "gets in", "gets out", "who waits")
    rows = [
        (f"`{state}`", *([means[state]] if means else []), one.comes, one.goes, one.waits)
        for state, one in told.items()
    ]
    return f"\n### {title}\n\n{picture}{_table(head, rows)}"


def _calls(story: Story) -> str:
    return "<br>".join([f"{number}. {_call(one)}" for number, one in enumerate(story.calls, 1)])


def _call(call: Call) -> str:
    return f"`{call.method} {call.path}` `{json.dumps(call.body)}`"


def _others(axis: str, story: Story) -> list[str]:
    return [f"`{story.words[other]}`" for other in AXES if other != axis]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
