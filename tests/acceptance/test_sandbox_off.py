"""`ENTREPOT_SANDBOX=off`: no order is taken whose payment nobody here could ask for."""

from __future__ import annotations

from pathlib import Path

from entrepot.testing.clients import accepted, speaking
from entrepot.testing.server import Server

SENTENCE = "payment_provider: stripe has no account here: no payment can be asked of it"


def test_a_provider_without_an_account_is_refused_and_its_key_stays_free(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'book.db'}"
    off = {"ENTREPOT_SANDBOX": "off"}
    with Server(url, tmp_path, env=off) as server, speaking(server) as world:
        body = world.synq_order()
        refused = world.synq.create(body)
        assert (refused.status_code, refused.json()) == (400, {"error": SENTENCE})
        assert not list(world.synq.orders())
        free = body | {"items": [{"product_title": "Leaflet", "unit_price": 0, "quantity": 1}]}
        order_id = accepted(world.synq.create(free))["order_id"]
        assert world.synq.until(order_id)["status"] == "confirmed"
