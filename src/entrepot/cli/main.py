"""The command `entrepot` and its parts. Each part is loaded when it is called, not before."""

from __future__ import annotations

import gc
import sys

from cyclopts import App

from entrepot import __version__

# What a command loads stays, so that the collector would walk it again and again for nothing: that
# was a sixth of the time to start. Set here, because each process of a server loads this first.
gc.set_threshold(50_000, 20, 50)

app = App(
    name="entrepot",
    version=__version__,
    help="One order book, spoken in three languages.",
)
app.command("entrepot.cli.serve:serve")
app.command("entrepot.cli.book:migrate")
app.command("entrepot.cli.verify:verify")
app.command("entrepot.cli.orders:orders")
app.command("entrepot.cli.explain:explain")
app.command("entrepot.cli.orders:retry")
app.command("entrepot.cli.demo:demo")
app.command("entrepot.cli.accounts:org_app", name="org")
app.command("entrepot.cli.accounts:key_app", name="key")
app.command("entrepot.cli.book:sandbox_app", name="sandbox")
app.command("entrepot.cli.book:docs")


def main() -> None:
    """Run the command line; a fault of the operator's is one clear sentence and exit code 2."""
    if len(sys.argv) == 1 or sys.argv[1] in app.help_flags:
        app.resolved_commands()  # the list says what each of them is for
    try:
        app()
    except Exception as error:
        # Imported here, because it loads the store, which the help does without.
        from entrepot.cli.session import FAULTS  # noqa: PLC0415

        if not isinstance(error, FAULTS):
            raise
        sys.stderr.write(f"entrepot: {error}\n")
        raise SystemExit(2) from None
