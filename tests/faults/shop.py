"""A server with an account at a simulated payment service, and the judge of both ledgers."""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.killed import arm, died, send

from entrepot.testing.clients import Body, World, order_number, speaking
from entrepot.testing.server import Server
from entrepot.testing.simulated import Simulated, simulated

KEYS = base64.b64encode(b"k" * 32).decode()
TOTAL = 3985  # of the order of two lines, in cents
ACCOUNTS: dict[str, dict[str, str]] = {
    "stripe": {"api_key": "sk_test_1", "webhook_secret": "whsec_simulator"},
    "adyen": {
        "api_key": "AQE1",
        "merchant_account": "AcmeECOM",
        "hmac_key": "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
    },
    "paypal": {
        "client_id": "app",
        "client_secret": "hidden",
        "webhook_id": "8PT597110X687430LKGECATA",
    },
}
# What the payment reference of an order is, around the words of a script.
REFERENCES = {"stripe": "pm_{}", "adyen": "shopper/{}", "paypal": "vault/{}"}
USUAL = "card-visa"


class Shop(NamedTuple):
    """The demo organization, which sells, and its payment service."""

    server: Server
    world: World
    simulator: Simulated
    service: str

    def order(self, script: str = USUAL) -> Body:
        """A Synq order whose payment goes as the script says."""
        reference = REFERENCES[self.service].format(script)
        return self.world.synq_order(reference, payment_provider=self.service)

    @property
    def notifications(self) -> str:
        """Where the service sends its notifications."""
        org = self.world.synq.headers["X-Org-ID"]
        return f"{self.server.url}/v1/providers/{self.service}/{org}/notifications"

    def placed(self, script: str = USUAL) -> str:
        """The id of an order that is placed at a server that lives."""
        order_id: str = self.world.synq.create(self.order(script)).json()["order_id"]
        return order_id

    def killed(self, script: str = USUAL) -> Body:
        """An order at which the server died; the server is up again."""
        body = self.order(script)
        send(self.world, body)
        died(self.server)
        self.server.start()
        return body

    def cancelled(self, order_id: str) -> None:
        """Has an order cancelled by the operator."""
        self.server.command("cancel", order_id)

    def explained(self, order_id: str) -> Any:
        """All that the book has of an order."""
        return json.loads(self.server.command("explain", order_id, "--json"))

    def payments(self, order_id: str) -> list[dict[str, Any]]:
        """What the service's ledger has of an order."""
        wanted = order_number(order_id)
        listed = self.simulator.payments()
        return [one for one in listed if wanted in str(one["about"]).replace("-", "")]

    def judge(self, order_id: str, *, held: int = 0, taken: int = 0, refunded: int = 0) -> None:
        """Both ledgers agree: this is held and taken for the order, at most once, and no more."""
        found = self.payments(order_id)
        live = [one for one in found if one["held"] or one["taken"]]
        assert len(live) <= 1, f"more than one payment holds or took money: {found}"
        sums = [(one["held"], one["taken"], one["refunded"]) for one in found]
        total = tuple(map(sum, zip(*sums, strict=True))) or (0, 0, 0)
        assert total == (held, taken, refunded), found
        paid = self.explained(order_id)["payments"]
        assert len(paid) == 1, paid
        assert of_book(paid[0]) == (held, taken, refunded), paid
        self.server.verify()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server stands still, as a machine that was paused."""
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.process.send_signal(signal.SIGCONT)


def of_book(payment: Any) -> tuple[int, int, int]:
    """What is held, taken and refunded of a payment by the book, in cents."""
    done: dict[str, int] = {"authorise": 0, "capture": 0, "void": 0, "refund": 0}
    for one in payment["operations"]:
        if one["state"] == "done":
            amount = one["amount"].partition(" ")[0]
            done[one["operation"]] += int(amount.replace(".", ""))
    taken = done["capture"]
    held = 0 if done["void"] or taken else done["authorise"]
    return held, taken - done["refund"], done["refund"]


@contextmanager
def selling(
    service: str,
    url: str,
    folder: Path,
    *,
    point: str = "",
    env: dict[str, str] | None = None,
) -> Iterator[Shop]:
    """A server that dies at a point of its first order, with an account at the service."""
    settings = {"ENTREPOT_SEAL_KEYS": KEYS, "ENTREPOT_RETRY_SECONDS": "0.05", **(env or {})}
    server = Server(url, folder, env=settings)
    with simulated(service) as simulator:
        server.credentials = json.loads(server.command("demo", "--json"))
        members = folder / "account.toml"
        told = ACCOUNTS[service]
        members.write_text("".join(f'{name} = "{value}"\n' for name, value in told.items()))
        at = ("--from", str(members), "--base-url", simulator.url)
        server.command("provider", "add", "Demo", service, *at)
        arm(server, point)
        with server, speaking(server) as world:
            shop = Shop(server, world, simulator, service)
            simulator.control("notifications", url=shop.notifications)
            yield shop
