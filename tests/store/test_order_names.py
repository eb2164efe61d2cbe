"""Which order a text means: the strongest kind decides, two of one kind mean none."""

from __future__ import annotations

import pytest
from tests.asked import assert_goes_by_index, listen, plan_of
from tests.store.test_conformance import NOW, an_order, an_organization, new_id, store, written

from entrepot.core import ids
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.store.engine import Database
from entrepot.store.writing import order_names

OURS = bytes.fromhex("018f3a5c7b2d7e4fa1b2c3d4e5f60718")


def _told(org: int, guest: bytes) -> dict[str, Order]:
    def order(name: str, **more: object) -> Order:
        made = an_order(org, guest, lines=(), managed=False, origin="konvo", sender_id=name)
        return made._replace(**more)

    return {
        "ours": order("s-0", id=OURS),
        "konvo": order("ord_123"),
        "source": order("ord_123", origin="polinate"),
        "shop": order("s-1", external_id="SHOP-1"),
        "uuid": order("08C0e60e-26bd-4e41-bb05-97bfbe1ba7cd"),
        "reference": order("s-2", external_reference="PO-1"),
        "name": order("s-3", external_name="#1059"),
        "twice": order("s-4", external_name="#7"),
        "again": order("s-5", external_name="#7"),
        # Names of other orders' ids.
        "shadow": order("s-6", external_name="SHOP-1", external_reference="s-1"),
        "mimic": order("s-7", external_name=ids.dashed(OURS), external_id="x" * 255),
        "long": order("s-8", external_name="y" * 501),
    }


@pytest.mark.parametrize(
    ("text", "dialect", "meant"),
    [
        *((spelled, "synq", "ours") for text in (
            ids.dashed(OURS), OURS.hex(), f"ord_{OURS.hex()}", f"ord_{ids.dashed(OURS)}",
            ids.internal_reference(OURS),
        ) for spelled in (text, text.upper(), text.lower())),
        ("ord_123", "konvo", "konvo"),
        ("ord_123", "polinate", "source"),
        ("ord_123", "synq", None),  # two senders' orders, neither of them Synq's
        ("08C0e60e-26bd-4e41-bb05-97bfbe1ba7cd", "synq", "uuid"),
        ("SHOP-1", "synq", "shop"),
        ("s-1", "polinate", "shop"),
        ("PO-1", "konvo", "reference"),
        ("#1059", "polinate", "name"),
        ("#7", "konvo", None),
        ("shop-1", "konvo", None),  # a sender's names are kept to the letter
        ("x" * 255, "konvo", "mimic"),
        ("y" * 501, "konvo", None),
        ("", "konvo", None), ("nothing", "konvo", None), ("\x00", "konvo", None),
        ("\ud800", "konvo", None), ("z" * 5_000, "konvo", None),
    ],
)  # fmt: skip
async def test_which_order_a_text_means(
    database: Database, text: str, dialect: str, meant: str | None
) -> None:
    org = await an_organization(database)
    other = await an_organization(database, "Other")
    told = _told(org.org, org.guest_id)
    every = Changes(Facts(NOW, new_id))
    for order in told.values():
        every.orders.put_all(written(order).orders)
    await store(database, every, needs=Needs(orgs={org.org}))

    def look(number: int) -> object:
        return lambda conn: order_names.find(conn, number, text, dialect)

    found = await database.read_one(look(org.org))  # type: ignore[arg-type,var-annotated]
    assert found == (told[meant].id if meant else None)
    assert await database.read_one(look(other.org)) is None  # type: ignore[arg-type]


async def test_a_look_by_name_does_not_scan(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of name has an index, whose whole key the look goes by."""
    org = await an_organization(database)
    many = Changes(Facts(NOW, new_id))
    for n in range(300):
        names = {"external_id": f"e{n}", "external_reference": f"r{n}", "external_name": f"n{n}"}
        order = an_order(org.org, org.guest_id, lines=(), sender_id=str(n), **names)
        many.orders.put(order)
    await store(database, many, needs=Needs(orgs={org.org}))
    said: list[tuple[str, tuple[object, ...]]] = []
    listen(monkeypatch, lambda statement, parameters: said.append((statement, parameters)))
    await database.read(lambda conn: order_names.find(conn, org.org, ids.dashed(OURS), "konvo"))
    monkeypatch.undo()
    [(statement, parameters)] = said

    plan = await database.write(lambda conn: plan_of(conn, statement, parameters, "orders"))
    assert_goes_by_index(
        plan, "sender_id", "external_id", "external_reference", "external_name", "id"
    )
