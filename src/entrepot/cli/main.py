"""The command `entrepot` and its parts."""

from __future__ import annotations

import sys

from cyclopts import App

from entrepot import __version__
from entrepot.cli import accounts, book, demo, serve, verify
from entrepot.cli.session import OperatorError
from entrepot.settings import SettingsError
from entrepot.store.engine import Unavailable

app = App(
    name="entrepot",
    version=__version__,
    help="One order book, spoken in three languages.",
)
app.command(serve.serve)
app.command(book.migrate)
app.command(verify.verify)
app.command(book.retry)
app.command(demo.demo)
app.command(accounts.org_app)
app.command(accounts.key_app)
app.command(book.sandbox_app)
app.command(book.docs)


def main() -> None:
    """Run the command line; a fault of the operator's is one clear sentence and exit code 2."""
    try:
        app()
    except (SettingsError, Unavailable, OperatorError, RuntimeError) as error:
        sys.stderr.write(f"entrepot: {error}\n")
        raise SystemExit(2) from None
