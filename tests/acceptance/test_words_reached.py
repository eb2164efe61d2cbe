"""Every word of every dialect is reached by calls from outside, and read in all dialects."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from entrepot.core import words
from entrepot.edge import words as _registered  # noqa: F401 - the words of every dialect
from entrepot.edge.reached import AXES, STORIES, Call, Story
from entrepot.testing.clients import Body, World, accepted, konvo_order, order_number
from entrepot.testing.server import eventually


@pytest.fixture(scope="module")
def module_database_url(one_database: Callable[[], str]) -> str:
    """What is shown follows from an order alone: one engine is enough."""
    return one_database()


Shown = tuple[str, str, str, str, str]


class Teller:
    """Carries the calls of one story out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._konvo = konvo_order()
        del self._konvo["status"]
        self.number = ""

    def tell(self, call: Call) -> None:
        told: Mapping[str, Callable[[Call], None]] = {
            "synq": self._placed, "polinate": self._patched, "konvo": self._mirrored,
            "native": self._asked,
        }  # fmt: skip
        told[call.dialect](call)

    def _placed(self, call: Call) -> None:
        reference = f"{call.body['payment_reference']}-{uuid.uuid4().hex[:8]}"
        body = self._world.synq_order(reference, items=[self._world.synq_line(2, quantity=4)])
        answer = accepted(self._world.synq.http.post(call.path, json=body))
        self.number = order_number(answer["order_id"])
        if not reference.startswith("pending"):
            self._world.synq.until(str(uuid.UUID(self.number)))

    def _patched(self, call: Call) -> None:
        path = call.path.format(id=f"ord_{self.number}")
        accepted(self._world.polinate.http.patch(path, json=call.body), 200)

    def _mirrored(self, call: Call) -> None:
        self._konvo |= call.body
        [shown] = accepted(self._world.konvo.http.post(call.path, json=[self._konvo]))["result"]
        self.number = order_number(shown["id"])

    def _asked(self, call: Call) -> None:
        order: Body = accepted(self._world.native.get(f"/v1/orders/{uuid.UUID(self.number)}"), 200)
        [line] = order["lines"]
        path = call.path.replace("{id}", str(order["id"]))
        for back in order["returns_list"]:
            path = path.replace("{return}", back["id"])
        body = json.loads(json.dumps(call.body).replace("{line}", line["id"]))
        answer = self._world.native.http.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text

    def shown(self) -> Shown:
        dashed = str(uuid.UUID(self.number))
        polinate: Body = self._world.polinate.order(f"ord_{self.number}")
        konvo: Body = self._world.konvo.order(dashed)
        status: Any = self._world.synq.order(dashed)["status"]
        told = accepted(self._world.native.get(f"/v1/orders/{dashed}"), 200)["words"]
        parcel: Any = told["konvo"]["shipmentStatus"]  # no answer of Konvo's shows it
        seen = status, polinate["phase"], polinate["status"], konvo["status"].lower(), parcel
        assert seen == (
            told["synq"], told["polinate"]["phase"], told["polinate"]["status"],
            told["konvo"]["status"].lower(), parcel,
        )  # fmt: skip
        return seen


@pytest.mark.parametrize("story", STORIES, ids=lambda story: "-".join(story.words.values()))
def test_a_story_shows_its_words_in_every_dialect(story: Story, world: World) -> None:
    teller = Teller(world)
    for call in story.calls:
        teller.tell(call)
    seen: list[Shown] = []

    def probe() -> bool:
        seen.append(teller.shown())
        return seen[-1] == wanted

    wanted = tuple(story.words[axis] for axis in AXES)
    try:
        eventually(probe, f"the order is {wanted}", 5)
    except AssertionError:
        assert seen[-1] == wanted
        raise


def test_every_word_of_every_dialect_has_a_story() -> None:
    for axis in AXES:
        reached = {story.words[axis] for story in STORIES}
        assert reached == set(words.AXES[axis].rows)
