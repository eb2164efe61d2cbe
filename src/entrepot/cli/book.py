"""`entrepot migrate`, `sandbox` and `docs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App
from pysqlite3 import dbapi2 as sqlite_driver

from entrepot import settings
from entrepot.cli.choices import words
from entrepot.cli.session import OperatorError, on_book
from entrepot.providers.sandbox import SandboxProvider
from entrepot.store.engine import Database
from entrepot.store.keeping import migrate as schema

_Outcome = Annotated[Literal["authorised", "declined"], words("authorised", "declined")]

sandbox_app = App(name="sandbox", help="The sandbox payment provider's own ledger.")


def migrate() -> None:
    """Migrate the schema to the newest version. Does nothing if it is the newest."""

    async def work(database: Database) -> str | None:
        return await schema.revision(database)

    print(f"schema at {on_book(work)}")


@sandbox_app.command
def notify(reference: str, outcome: _Outcome = "authorised") -> None:
    """Play the provider's notification for a pending payment.

    Parameters
    ----------
    reference
        The payment reference of the order, such as `pending-1`.
    outcome
        The decision of the provider.
    """
    ledger = Path(settings.load().sandbox_ledger)
    if not ledger.exists():
        raise OperatorError(
            f"the sandbox has no ledger at {ledger}; name the server's in "
            f"{settings.PREFIX}SANDBOX_LEDGER"
        )
    try:
        settled = SandboxProvider(str(ledger)).notify(reference, outcome)
    except (OSError, sqlite_driver.Error) as error:
        raise OperatorError(
            f"{ledger} cannot be used as a ledger: {error}; name the server's in "
            f"{settings.PREFIX}SANDBOX_LEDGER"
        ) from error
    if not settled:
        raise OperatorError(
            f"no payment with the reference {reference!r} is pending; give the order's "
            "payment_reference"
        )
    print(f"{settled} pending payment(s) {outcome}")


def docs(directory: Path = Path("docs"), *, check: bool = False) -> None:
    """Print the documents that are made from tables into a folder, or check that they are current.

    Parameters
    ----------
    directory
        Where docs/ is.
    check
        Write nothing; fail when a file differs.
    """
    # Imported here, because no other command needs every dialect's tables.
    from entrepot import docs as printed_docs  # noqa: PLC0415

    stale = []
    for name, text in printed_docs.printed().items():
        path = directory / Path(name).name
        if check:
            if not path.exists() or path.read_text() != text:
                stale.append(str(path))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        raise OperatorError("not current: " + ", ".join(stale) + "; run `entrepot docs`")
