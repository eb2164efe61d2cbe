"""How an address of Konvo reads as text: a line for each part that was told."""

from __future__ import annotations

import json

import pytest

from entrepot.edge.konvo.orders.address import text_of

WHOLE = {
    "firstName": "Ada", "lastName": "Byron", "company": "Engines", "addressLineOne": "1 Mill St",
    "addressLineTwo": "Floor 2", "zipCode": "24103", "city": "Kiel", "state": "SH",
    "countryCode": "DE", "phone": "+49 431 1", "latitude": "54.3", "longitude": "10.1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (WHOLE, "Ada Byron\nEngines\n1 Mill St\nFloor 2\n24103 Kiel\nSH\nDE\n+49 431 1"),
        (WHOLE | {"firstName": "", "zipCode": "", "company": ""},
         "Byron\n1 Mill St\nFloor 2\nKiel\nSH\nDE\n+49 431 1"),
        ({"city": "Kiel"}, "Kiel"),
        ({}, None),
        (dict.fromkeys(WHOLE, ""), None),
        (dict.fromkeys(WHOLE, " \u00a0"), None),
        (dict.fromkeys(WHOLE, " ") | {"countryCode": "DE"}, "DE"),
    ],
)  # fmt: skip
def test_each_part_that_was_told_has_its_line(told: dict[str, str], text: str | None) -> None:
    assert text_of(json.dumps(told)) == text
