"""The server does what the documents of the three APIs say, fact by fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.contracts.facts import (
    Fact,
    House,
    konvo_answer,
    konvo_attributions,
    konvo_broadcasts,
    konvo_clicks,
    konvo_contacts,
    konvo_input,
    polinate_buyers,
    polinate_change,
    polinate_invoices,
    polinate_items,
    polinate_notify,
    polinate_pricing,
    polinate_read,
    synq_access,
    synq_audit,
    synq_channels,
    synq_events,
    synq_integrations,
    synq_inventory,
    synq_members,
    synq_orders,
    synq_pim_bulk,
    synq_pim_products,
    synq_pim_taxonomy,
    synq_settings,
    synq_webhook,
)

TABLES = (
    polinate_items,
    polinate_notify,
    polinate_change,
    polinate_read,
    polinate_buyers,
    polinate_invoices,
    polinate_pricing,
    konvo_input,
    konvo_answer,
    konvo_contacts,
    konvo_clicks,
    konvo_attributions,
    konvo_broadcasts,
    synq_access,
    synq_audit,
    synq_orders,
    synq_inventory,
    synq_settings,
    synq_channels,
    synq_events,
    synq_members,
    synq_pim_bulk,
    synq_pim_products,
    synq_pim_taxonomy,
    synq_integrations,
    synq_webhook,
)
FACTS: list[Fact] = sorted(
    (fact for table in TABLES for fact in table.facts.all), key=lambda fact: fact.number
)


@pytest.fixture(scope="module")
def house(
    lasting_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    running = House(lasting_database, tmp_path_factory.mktemp)
    yield running
    running.close()


# The numbers of the facts of each part, from and to.
PARTS = (
    (1, 652),
    (654, 770),
    (771, 953),
)


def test_every_fact_is_in_the_table_once() -> None:
    numbers = [number for first, last in PARTS for number in range(first, last + 1)]
    assert [fact.number for fact in FACTS] == numbers


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.number}: {fact.says}")
def test_fact(fact: Fact, house: House) -> None:
    fact.check(house)
