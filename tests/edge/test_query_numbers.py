"""A whole number of a query is digits, in every dialect."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.edge.native.asking import asking

from entrepot.core.refusal import Refused
from entrepot.edge.konvo import paging as konvo
from entrepot.edge.native import bodies
from entrepot.edge.native.orders.wire import OrderQuery
from entrepot.edge.polinate import lists as polinate
from entrepot.edge.synq import paging as synq_lists
from entrepot.edge.synq.orders import read as synq

LIMITS: dict[str, Callable[[str], int]] = {
    "native": lambda text: bodies.query(asking(query=f"limit={text}"), OrderQuery).limit,
    "polinate": lambda text: polinate.page_of({"limit": text})[1],
    "konvo": lambda text: konvo.page({"limit": text}).limit,
    "synq": lambda text: synq.page({"limit": text})[0],
    "synq's catalogue": lambda text: synq_lists.paged(asking(query=f"limit={text}"), 50)[1],
}


@pytest.mark.parametrize("dialect", LIMITS)
@pytest.mark.parametrize(
    "text", ["5.0", "1e1", "5e0", "5.", "0x5", "5_0", "\u0665", "", "+5", "9" * 20]
)
def test_what_is_not_digits_is_no_whole_number(text: str, dialect: str) -> None:
    with pytest.raises(Refused) as refused:
        LIMITS[dialect](text)
    assert refused.value.refusal.field == "limit"


@pytest.mark.parametrize("dialect", LIMITS)
def test_digits_are(dialect: str) -> None:
    assert (LIMITS[dialect]("5"), LIMITS[dialect]("05")) == (5, 5)
