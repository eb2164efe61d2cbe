"""The pipeline with Stripe's official client and a Stripe that is played, 120 ms an answer."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import book
from bench.requests import KEY, RISING, synq
from bench.run import Run, say
from bench.slow_provider import slowly
from entrepot.settings import Settings
from entrepot.testing.server import Server
from entrepot.testing.simulated import Simulated, SimulatorProcess

NUMBER = 11
CONNECTIONS = 4  # enough for a backlog; that of more would take many minutes
SERVICE = "stripe"
SEAL_KEY = base64.b64encode(bytes(32)).decode()
AT_ONCE = f"pm_{RISING}{KEY}"
SLOW = f"pm_sim_late_120_{RISING}{KEY}"  # a means of payment: made and confirmed by two calls
_ACCOUNT = 'api_key = "sk_test_1"\nwebhook_secret = "whsec_simulator"\n'
_HELD = """
SELECT o.provider_reference, p.currency, o.units, p.amount_scale
FROM payment_operations o JOIN payments p
ON p.org = o.org AND p.order_id = o.order_id AND p.number = o.payment
WHERE o.kind = 'authorise' AND o.state = 'done'
"""


def measure(run: Run) -> None:
    """On each engine: with as many calls of one account at once as by default."""
    limit = Settings().account_calls_max
    for engine in run.options.engines:
        with (
            run.judged(CONNECTIONS),
            played(run) as stripe,
            run.server(engine, "all", env={"ENTREPOT_SEAL_KEYS": SEAL_KEY}) as server,
        ):
            connect(server, stripe)
            told = server.credentials
            loads = synq(told, reference=AT_ONCE), synq(told, reference=SLOW)
            row = slowly(run, server, engine, limit, loads, connections=CONNECTIONS)
            row.what = f"{row.what}, Stripe's client"
            run.rows.append(row)
            say("comparing the book with the simulator's ledger")
            row.failed = row.failed or disagreement(server.database_url, stripe.payments())


@contextmanager
def played(run: Run) -> Iterator[Simulated]:
    """A Stripe in a process of its own, which forgets everything in the end."""
    simulator = SimulatorProcess(SERVICE, run.folder, kept=False)
    simulator.start()
    try:
        yield simulator
    finally:
        simulator.kill()


def connect(server: Server, stripe: Simulated) -> None:
    """Give the demo organization an account at the simulator."""
    members = server.folder / "account.toml"
    members.write_text(_ACCOUNT)
    at = ("--from", str(members), "--base-url", stripe.url)
    server.command("provider", "add", "Demo", SERVICE, *at)


def disagreement(url: str, payments: list[dict[str, Any]]) -> str:
    """The orders whose money the ledger does not hold once, as the book says; empty if none.

    The book says which PaymentIntent holds how much, for every authorisation that is done.
    """
    held = [one for one in payments if one["held"]]
    twice = [n for n in Counter(one["about"]["entrepot_order"] for one in held).values() if n > 1]
    if twice:
        return f"{len(twice)} orders have several live authorisations at the simulator"
    there = {(one["payment"], one["currency"], one["held"]) for one in held}
    rows = book.rows(url, _HELD)
    here = {
        (reference, currency, units * 100 // 10**scale)
        for reference, currency, units, scale in rows
    }
    confirmed = book.events(url, "order.confirmed")
    if here == there and len(rows) == len(here) == confirmed:
        return ""
    return (
        f"{confirmed} orders are confirmed; {len(here - there)} holds are in the book alone, "
        f"{len(there - here)} in the simulator's ledger alone"
    )
