"""The measure of Stripe's client notices where the book and the simulator's ledger disagree."""

from typing import Any

import pytest
from bench.sdk_provider import disagreement

from bench import book


def held(payment: str, order: str, units: int = 5000) -> dict[str, Any]:
    about = {"entrepot_order": order}
    return {"payment": payment, "currency": "USD", "held": units, "about": about}


BOOK = [("pi_1", "USD", 5000, 2), ("pi_2", "USD", 500_000, 4)]
ONE, TWO = held("pi_1", "a"), held("pi_2", "b")


@pytest.mark.parametrize(
    ("rows", "confirmed", "payments", "told"),
    [
        (BOOK, 2, [ONE, TWO], ""),
        (BOOK, 2, [ONE, TWO, held("pi_3", "c", 0)], ""),
        (BOOK, 2, [ONE, TWO, held("pi_3", "b")], "1 orders have several"),
        (BOOK, 2, [ONE], "1 holds are in the book alone, 0 in"),
        (BOOK, 2, [ONE, TWO, held("pi_3", "c")], "0 holds are in the book alone, 1 in"),
        (BOOK, 2, [ONE, held("pi_2", "b", 4999)], "1 holds are in the book alone, 1 in"),
        (BOOK, 3, [ONE, TWO], "3 orders are confirmed"),
        ([*BOOK, BOOK[0]], 3, [ONE, TWO], "3 orders are confirmed"),
    ],
)
def test_a_disagreement_is_told(
    monkeypatch: pytest.MonkeyPatch, rows: Any, confirmed: int, payments: Any, told: str
) -> None:
    monkeypatch.setattr(book, "rows", lambda *_: rows)
    monkeypatch.setattr(book, "events", lambda *_: confirmed)
    answer = disagreement("sqlite:///book", payments)
    assert told in answer
    assert bool(answer) == bool(told)
