"""The command `entrepot` and its parts. Each part is loaded when it is called, not before."""

from __future__ import annotations

import gc
import os
import sys
import traceback

from cyclopts import App

from entrepot import __version__

# Modules that a command loads stay in memory, so the collector would walk them again and again for
# nothing: that was a sixth of the time to start. The threshold is set here, because each process of
# a server loads this module first.
gc.set_threshold(50_000, 20, 50)

_FAULT, _INTERRUPTED, _NOBODY_READS = 2, 130, 141

app = App(
    name="entrepot",
    version=__version__,
    version_flags=["--version", "-V"],
    help="One order book, spoken in three languages.",
)
app.command("entrepot.cli.serve:serve")
app.command("entrepot.cli.book:migrate")
app.command("entrepot.cli.verify:verify")
app.command("entrepot.cli.orders:orders")
app.command("entrepot.cli.explain:explain")
app.command("entrepot.cli.events:events")
app.command("entrepot.cli.orders:retry")
app.command("entrepot.cli.order_commands:cancel")
app.command("entrepot.cli.order_commands:capture")
app.command("entrepot.cli.order_commands:resolve")
app.command("entrepot.cli.reconcile:reconcile")
app.command("entrepot.cli.demo:demo")
app.command("entrepot.cli.accounts:org_app", name="org")
app.command("entrepot.cli.accounts:key_app", name="key")
app.command("entrepot.cli.provider:provider_app", name="provider")
app.command("entrepot.cli.connection:connection_app", name="connection")
app.command("entrepot.cli.book:sandbox_app", name="sandbox")
app.command("entrepot.cli.simulate:simulate")
app.command("entrepot.cli.book:docs")


def main() -> None:
    """Run the command line. Every fault is one sentence with its remedy, and exit code 2."""
    _open_streams()
    try:
        _run()
    except KeyboardInterrupt:
        _end(_INTERRUPTED)
    except BrokenPipeError:
        _end(_NOBODY_READS)
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):
            _end(_NOBODY_READS)  # rich has seen it first
        _flush()
        raise
    except Exception as error:
        _tell(error)
        try:
            sys.stdout.flush()
        except OSError:
            _end(_FAULT)
        raise SystemExit(_FAULT) from None


def _open_streams() -> None:
    """Open `/dev/null` for each standard stream that the caller closed.

    Otherwise the next file that is opened, which may be the book, would take the stream's number.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def _run() -> None:
    for number, argument in enumerate(sys.argv[1:], 1):
        if any("\ud800" <= one <= "\udfff" for one in argument):
            # Imported here, because the help does without.
            from entrepot.cli.errors import OperatorError  # noqa: PLC0415

            raise OperatorError(f"argument {number} is not UTF-8; write it in UTF-8")
    if len(sys.argv) > 1 and sys.argv[1] == "help":
        sys.argv[1:] = [*sys.argv[2:], "--help"]
    if len(sys.argv) == 1 or sys.argv[1] in app.help_flags:
        app.resolved_commands()  # the list says what each of them is for
    app(sys.argv[1:], exit_on_error=False, print_error=False)
    sys.stdout.flush()


def _tell(error: Exception) -> None:
    # Imported here, because the help does without.
    from entrepot.cli.errors import OperatorError, sentence_of  # noqa: PLC0415

    debugging = os.environ.get("ENTREPOT_LOG_LEVEL", "").lower() == "debug"
    if debugging and not isinstance(error, OperatorError):
        traceback.print_exception(error)
    try:
        sys.stderr.write(f"entrepot: {sentence_of(error)}\n")
        sys.stderr.flush()
    except OSError:
        # No output can be written. Python's own way out would try once more, and change the exit
        # code.
        _end(_FAULT)


def _flush() -> None:
    """Write out what was printed; nobody may read it any more, or there may be no room for it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _end(_NOBODY_READS)
    except OSError as error:
        _tell(error)
        _end(_FAULT)


def _end(code: int) -> None:
    """End at once: Python's own way out would try to flush once more, and tell that it cannot."""
    os._exit(code)
