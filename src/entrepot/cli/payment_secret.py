"""`entrepot org payment-secret`: carry the secret behind payment keys to another book."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from sqlalchemy import Connection

from entrepot.cli.session import OperatorError, organization, read
from entrepot.cli.telling import changed
from entrepot.core.decide.set_up import TakePaymentSecret
from entrepot.store import accounts
from entrepot.store.engines.private_files import write_private
from entrepot.store.keeping import migrate

_BYTES = 32
_SHAPE = f"a payment secret is one line of {_BYTES * 2} hexadecimal digits"


def payment_secret(
    org: str,
    *,
    to: Path | None = None,
    from_: Annotated[Path | None, Parameter(name="--from", allow_leading_hyphen=True)] = None,
) -> None:
    """Carry the secret behind payment keys to the book that an organization moves to.

    Payment keys of an organization derive from this secret. Under another secret the payments of
    its orders would be asked for again.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    to
        In the book that the organization leaves: write the secret to this new file, which only you
        can read.
    from_
        In the book that the organization moves to: take the secret from this file. `-` reads one
        line from the terminal or from standard input.
    """
    if (to is None) == (from_ is None):
        raise OperatorError(
            "give --to FILE in the book that is left, or --from FILE in the other; one of them"
        )
    if to is not None:
        _write_to(to, org)
    elif from_ is not None:
        _take(_text_of(from_), org)


def _write_to(path: Path, org: str) -> None:
    if path.exists():
        raise OperatorError(f"{path} exists already; name a new file")

    def work(conn: Connection) -> tuple[str, bytes | None]:
        found = organization(conn, org)
        own = accounts.payment_secret(conn, found.org)
        return found.name, migrate.secret_of(conn) if own is None else own

    name, secret = read(work)
    if secret is None:
        raise OperatorError("the book has no secret; `entrepot verify` says what to restore")
    write_private(path, secret.hex() + "\n")
    print(f"the payment secret of {name} is in {path}; remove the file when the move is done")


def _text_of(path: Path) -> str:
    if str(path) != "-":
        try:
            return path.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise OperatorError(f"{path} cannot be read: {error}; {_SHAPE}") from error
    if sys.stdin.isatty():
        return getpass.getpass("Payment secret: ")
    try:
        return sys.stdin.readline()
    except UnicodeDecodeError:
        return ""  # which is no payment secret


def _take(text: str, org: str) -> None:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        raise OperatorError(f"this is no payment secret; {_SHAPE}")

    name = changed(org, TakePaymentSecret(0, secret), "org payment-secret")
    print(f"payment keys of {name} derive from this secret; `entrepot verify` compares them")
