"""`entrepot simulate`: payment services to test against, without an account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from entrepot.cli.choices import port_of, url_of, whole, words
from entrepot.cli.errors import OperatorError
from entrepot.cli.serve import bind

_Service = Annotated[Literal["stripe", "adyen", "paypal"], words("stripe", "adyen", "paypal")]


def simulate(  # noqa: PLR0913 - the options of the command
    service: _Service,
    /,
    *,
    host: str = "127.0.0.1",
    port: Annotated[int, whole] = 0,
    ledger: Path | None = None,
    notify: str = "",
    credential: str = "",
    secret: str = "",
) -> None:
    """Play a payment service until SIGTERM, for its official client and for Entrepot.

    Parameters
    ----------
    service
        `stripe`, `adyen` or `paypal`.
    host
        Address to listen on.
    port
        Port to listen on; 0 picks a free one.
    ledger
        File that keeps what the simulator knows; without it a stop forgets everything.
    notify
        URL that notifications are sent to; none are sent without it.
    credential
        The only API key (PayPal: client id) that is taken; all are taken without it.
    secret
        What notifications are signed with (Stripe: signing secret, Adyen: HMAC key, PayPal: id of
        the webhook); docs/simulators.md has the usual ones.
    """
    # Imported here, because the other commands do without.
    from pysqlite3 import dbapi2 as sqlite_driver  # noqa: PLC0415

    from entrepot.simulators.serving import SERVICES, Terms, served, server  # noqa: PLC0415

    port_of(port, least=0)
    sockets = bind(host, port)
    try:
        taken = sockets[0].getsockname()[1]
        try:
            application = served(SERVICES[service](), Terms(ledger, notify, credential, secret))
        except sqlite_driver.Error as error:
            raise OperatorError(
                f"{ledger} cannot be used as a ledger: {error}; name a file of its own in --ledger"
            ) from error
        print(f"{service} is played on {url_of(host, taken)}/; Ctrl-C stops.", flush=True)
        server(application).run(sockets)
    finally:
        for one in sockets:
            one.close()
