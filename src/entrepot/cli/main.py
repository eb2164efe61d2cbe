"""The command `entrepot` and its parts. Each part is loaded when it is called, not before."""

from __future__ import annotations

import codecs
import gc
import io
import os
import sys
import traceback

from cyclopts import App

from entrepot import __version__

# Modules that a command loads stay in memory, so the collector would walk them again and again for
# nothing: that was a sixth of the time to start. The threshold is set here, because each process of
# a server loads this module first.
gc.set_threshold(250_000, 20, 50)

_ESCAPED = "entrepot.escaped"
_FAULT, _INTERRUPTED, _NOBODY_READS = 2, 130, 141

# Each row has the module of a command, its name, and its sentence in the list of commands. The
# command's own help begins with this sentence. The list is printed from here: loading all commands
# takes four times as long.
COMMANDS = (
    ("serve:serve", "serve",
     "Serve the three dialects and the native API, and run the pipeline, until SIGTERM."),
    ("book:migrate", "migrate",
     "Migrate the schema to the newest version. Does nothing if it is the newest."),
    ("verify:verify", "verify", "Check every invariant of the book in one read-only snapshot."),
    ("orders:orders", "orders",
     "List the orders whose pipeline waits or is parked, with what each waits for."),
    ("explain:explain", "explain",
     "Say where an order stands, what it waits for, and which commands and words it takes now."),
    ("events:events", "events",
     ("Print the events of an organization in the order of their numbers, "
      "which is that of commits.")),
    ("orders:retry", "retry",
     "Take up steps that are parked or wait for their next try, now and with all their tries."),
    ("order_commands:cancel", "cancel",
     "Cancel an order: its stock and its money are given back."),
    ("order_commands:capture", "capture",
     "Take all of an order's money that is held, before its hold lapses."),
    ("order_commands:resolve", "resolve",
     "Settle a parked payment by what you found at its service, and write down how you know."),
    ("reconcile:reconcile", "reconcile",
     "Compare the payments in the book with the lists of the payment services."),
    ("demo:demo", "demo", "Make the demo organization with stock, once, and print how to use it."),
    ("accounts:org_app", "org",
     "Organizations: make, list, payment secret, and what each of them chooses."),
    ("accounts:key_app", "key", "Credentials: create, list, revoke."),
    ("provider:provider_app", "provider",
     "Accounts at payment services: add, list, test, remove, reseal."),
    ("connection:connection_app", "connection",
     "Connections to shops: list, pause, resume, rejected."),
    ("book:sandbox_app", "sandbox", "The sandbox payment provider's own ledger."),
    ("simulate:simulate", "simulate",
     "Play a payment service until SIGTERM, for its official client and for Entrepot."),
    ("book:docs", "docs",
     ("Print the documents that are made from tables into a folder, "
      "or check that they are current.")),
)  # fmt: skip


def _made(*, listing: bool) -> App:
    """The command line; when `listing`, what the list says of a command takes the place of all that
    the command itself says.
    """
    made = App(
        name="entrepot",
        version=__version__,
        version_flags=["--version", "-V"],
        help="One order book, spoken in three languages.",
    )
    for path, name, said in COMMANDS:
        made.command(f"entrepot.cli.{path}", name=name, help=said if listing else None)
    return made


app = _made(listing=False)


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
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error(_ESCAPED, _escaped)
        sys.stdout.reconfigure(errors=_ESCAPED)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Characters that the standard output cannot encode, as JSON escapes them: a command that has
    done its work does not fail for a name.
    """
    assert isinstance(error, UnicodeEncodeError)
    pairs = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    units = [pairs[at : at + 2].hex() for at in range(0, len(pairs), 2)]
    return "".join([f"\\u{unit}" for unit in units]), error.end


def _run() -> None:
    for number, argument in enumerate(sys.argv[1:], 1):
        if any("\ud800" <= one <= "\udfff" for one in argument):
            # Imported here, because the help does without.
            from entrepot.cli.errors import OperatorError  # noqa: PLC0415

            raise OperatorError(f"argument {number} is not UTF-8; write it in UTF-8")
    if len(sys.argv) > 1 and sys.argv[1] == "help":
        sys.argv[1:] = [*sys.argv[2:], "--help"]
    listing = all(argument in app.help_flags for argument in sys.argv[1:])
    called = _made(listing=True) if listing else app
    called(sys.argv[1:], exit_on_error=False, print_error=False)
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
