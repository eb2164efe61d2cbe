"""The goods of the comparison in Entrepot's catalogue: `python -m bench.peers.goods`, JSON out.

A process of its own, because the settings say where the book is and come from the environment.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection

from bench.peers import peer
from entrepot.cli import demo
from entrepot.cli.session import on_book
from entrepot.clock import new_id, now
from entrepot.core import ids
from entrepot.core.money import Amount
from entrepot.core.order import Variant
from entrepot.store import accounts
from entrepot.store.engine import Database
from entrepot.testing import furnishing


async def make(database: Database) -> dict[str, str]:
    """Add a variant for each SKU to the demo organization; its id by SKU, as the wire has it."""

    def add(conn: Connection) -> dict[str, str]:
        org = accounts.organization_named(conn, demo.NAME)
        assert org is not None
        made = {}
        for one in json.loads(peer.goods()):
            variant = Variant(
                org.org, new_id(), new_id(), new_id(), one["sku"], one["sku"], "USD",
                Amount(1250, 2), True, now(),
            )  # fmt: skip
            furnishing.add_variant(conn, org, variant)
            made[one["sku"]] = ids.dashed(variant.id)
        return made

    return await database.write(add)


if __name__ == "__main__":
    print(json.dumps(on_book(make)))
