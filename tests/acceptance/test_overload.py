"""A burst beyond what the server takes on: refusals that help, and nothing lost or kept half."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx

from entrepot.testing.clients import (
    KONVO_ORDERS,
    POLINATE_ORDERS,
    SYNQ_ORDERS,
    World,
    assert_envelope,
    at_once,
    konvo_order,
    speaking,
)
from entrepot.testing.server import Server, eventually

BURST = 48
LISTS = {"synq": SYNQ_ORDERS, "polinate": POLINATE_ORDERS, "konvo": KONVO_ORDERS}


def posts(world: World) -> dict[str, Callable[[], httpx.Response]]:
    """How to place a new order in each dialect; refused or not, no two are alike."""
    return {
        "synq": lambda: world.synq.create(world.synq_order()),
        "polinate": lambda: world.polinate.post(world.polinate_order()),
        "konvo": lambda: world.konvo.post(konvo_order()),
    }


def test_a_burst_is_refused_in_each_dialects_words_and_then_taken_again(
    database_url: str, tmp_path: Path
) -> None:
    tight = {"ENTREPOT_QUEUE_MAX": "1"}
    with Server(database_url, tmp_path, env=tight) as server, speaking(server) as world:
        told: list[httpx.Response] = []
        for dialect, post in posts(world).items():

            def burst(post: Callable[[], httpx.Response] = post) -> list[httpx.Response] | None:
                answers = at_once(BURST, range(BURST), lambda _: post())
                told.extend(answers)
                return [answer for answer in answers if answer.status_code == 503] or None

            for refused in eventually(burst, f"{dialect}: one of a burst is refused"):
                assert int(refused.headers["Retry-After"]) >= 1
                assert_envelope(dialect, refused)
            # Reading goes on.
            assert world.dialects[dialect].get(LISTS[dialect]).status_code == 200
        assert {answer.status_code for answer in told} <= {200, 201, 503}
        taken = [answer for answer in told if answer.status_code != 503]
        assert server.events("order.placed") + server.events("order.mirrored") == len(taken)
        for dialect, post in posts(world).items():
            # A request that was answered a moment ago may still count as being inside.
            again = lambda post=post: post().status_code in {200, 201}  # noqa: E731
            eventually(again, f"{dialect}: orders are taken again")
        ids = [a.json()["order_id"] for a in taken if a.url.path == SYNQ_ORDERS]
        for order_id in ids:
            world.synq.until(order_id, "confirmed")
        assert server.terminate() == 0
        server.verify()
