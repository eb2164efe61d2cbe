"""Services that every dialect is given."""

from __future__ import annotations

from dataclasses import dataclass

from entrepot.edge.admission import Admission
from entrepot.store.engine import Database
from entrepot.writer.writer import Writer


@dataclass(slots=True, frozen=True)
class Services:
    """Services for handlers: reading the book, and the one door for writes."""

    database: Database
    writer: Writer
    admission: Admission
    # Whether the sandbox answers for providers at which an organization has no account.
    sandbox: bool = True
    cell: int = 0  # the number of this book among several, which the secrets of keys show
    # Whether webhooks may be at addresses of private networks.
    private_webhooks: bool = False
