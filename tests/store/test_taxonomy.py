"""Categories and other taxa: one slug once, whoever comes at the same moment, and lists that read
what they show, on both engines.
"""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, text
from sqlalchemy.engine import Connection
from tests.factories import new_id, open_shop

from entrepot.clock import now
from entrepot.core.decide.classify import MakeTaxon
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.taxonomy import ATTRIBUTE_GROUP, CATEGORY, Taxon, sort_key
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.reading import taxonomy
from entrepot.store.verify import verify
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

MANY = 3_000
KINDS = (CATEGORY, ATTRIBUTE_GROUP)


async def test_of_64_at_once_one_has_the_slug(database: Database) -> None:
    shop = await database.write(open_shop)
    writers = [Writer(database, now=now, new_id=new_id) for _ in range(8)]
    outcomes = await asyncio.gather(
        *[
            writers[at % 8].submit(Envelope(MakeTaxon(shop.org, "synq", CATEGORY, f"{at}", "mugs")))
            for at in range(64)
        ]
    )
    refused = [one.result for one in outcomes if isinstance(one.result, Refusal)]
    assert [one.reason for one in refused] == [Reason.DUPLICATE_ENTRY] * 63
    found = await taxonomy.listed.ask(database, shop.org, CATEGORY, None, 9)
    assert found is not None
    assert len(found) == 1
    report = await database.read(verify)
    assert report.ok, report.violations


def _filled(conn: Connection, org: int) -> None:
    columns = schema.TAXA.columns
    rows = []
    for number in range(MANY):
        id_, name, kind = number.to_bytes(16, "big"), f"c{number:06}", KINDS[number % 2]
        key = sort_key(kind, name, id_)
        rows.append(Taxon(org, id_, kind, name, name, key, None, None, 0, None, None, 0, 0))
    made = [dict(zip(columns, schema.TAXA.to_row(one), strict=True)) for one in rows]
    conn.execute(insert(schema.taxa), made)
    conn.execute(text("ANALYZE"))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_page_of_a_million_reads_what_it_shows(database: Database, kind: str) -> None:
    """Whatever page it is, the index leads to its first row, and nothing is sorted."""
    shop = await database.write(open_shop)
    await database.write(lambda conn: _filled(conn, shop.org))
    at, step = MANY // 2 + KINDS.index(kind), -2 if kind == ATTRIBUTE_GROUP else 2
    after = at.to_bytes(16, "big")
    page = await taxonomy.listed.ask(database, shop.org, kind, after, 3)
    assert page is not None
    assert [one.name for one in page] == [f"c{at + step * more:06}" for more in (1, 2, 3)]

    def plan(conn: Connection) -> str:
        explain = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
        told = {"org": shop.org, "kind": kind, "by": page[0].sorted_by, "id": after}
        found = conn.execute(
            text(
                f"{explain}SELECT * FROM taxa AS t WHERE t.org = :org AND t.kind = :kind AND "
                "(t.sorted_by, t.id) > (:by, :id) ORDER BY t.sorted_by, t.id LIMIT 3"
            ),
            told,
        )
        return "\n".join(str(row) for row in found.all())

    lines = await database.read(plan)
    assert "taxa_sorted" in lines
    assert "Sort" not in lines
    assert "TEMP B-TREE" not in lines
