"""Making the secret of a key: random, and shown once."""

from __future__ import annotations

import secrets

from entrepot.store import accounts


def new_secret(dialect: str, cell: int = 0) -> str:
    """256 random bits, with a prefix that names the dialect, and the cell unless it is the first.

    The text is for people, and for a distributor of requests to books. Nothing here reads it.
    """
    where = f"{cell}_" if cell else ""
    return f"ent_{dialect}_{where}{secrets.token_hex(32)}"


def digest_of(secret: str) -> bytes:
    """The digest of a secret, which is all that the book keeps."""
    return accounts.digest(secret)
