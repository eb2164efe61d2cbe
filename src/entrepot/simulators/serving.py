"""Running a simulator as an HTTP server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entrepot.simulators.application import Simulator
from entrepot.simulators.ledger import Ledger
from entrepot.simulators.service import Service


def _stripe() -> type[Service]:
    from entrepot.simulators.stripe import Stripe  # noqa: PLC0415 - one of them is played

    return Stripe


def _adyen() -> type[Service]:
    from entrepot.simulators.adyen import Adyen  # noqa: PLC0415 - one of them is played

    return Adyen


def _paypal() -> type[Service]:
    from entrepot.simulators.paypal import PayPal  # noqa: PLC0415 - one of them is played

    return PayPal


SERVICES: dict[str, Callable[[], type[Service]]] = {
    "stripe": _stripe,
    "adyen": _adyen,
    "paypal": _paypal,
}


class Terms(NamedTuple):
    """How a simulator is run."""

    ledger: Path | None = None
    notify: str = ""
    credential: str = ""
    secret: str = ""


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, whose application may cut the connection."""

    def on_message_begin(self) -> None:
        """Hand the connection to the application."""
        super().on_message_begin()
        self.scope["transport"] = self.transport  # type: ignore[typeddict-unknown-key]


def served(make: type[Service], terms: Terms) -> Simulator:
    """The application of a service."""
    ledger = Ledger(terms.ledger)
    if terms.notify:
        with ledger.writing():
            ledger.set_fact("notices_url", terms.notify)
    return Simulator(make(ledger, credential=terms.credential, secret=terms.secret))


def server(application: Any) -> uvicorn.Server:
    """The server of an application; `run` takes bound sockets, and ends on SIGTERM or SIGINT."""
    config = uvicorn.Config(
        application, http=_Protocol, lifespan="on", log_config=None, access_log=False,
        server_header=False, ws="none", timeout_graceful_shutdown=1,
    )  # fmt: skip
    return uvicorn.Server(config)
