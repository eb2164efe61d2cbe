"""The keys that payment services know our requests by."""

from __future__ import annotations

import re

from entrepot.core.payment_keys import payment_key

SECRET, TENANT, ORDER = b"s" * 32, bytes(8), bytes(range(16))
UUID8 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def test_a_key_has_the_shape_of_a_uuid_and_never_changes() -> None:
    key = payment_key(SECRET, TENANT, ORDER, "authorise", 1)
    assert UUID8.match(key)
    assert len(key) == 36
    # Written down once: another key after an update would authorise a second time.
    assert key == "bd5694a3-56a9-8daf-9297-4ff4788b97f3"


def test_every_part_makes_another_key() -> None:
    keys = {
        payment_key(*parts)
        for parts in (
            (SECRET, TENANT, ORDER, "authorise", 1),
            (b"t" * 32, TENANT, ORDER, "authorise", 1),
            (SECRET, b"\1" + bytes(7), ORDER, "authorise", 1),
            (SECRET, TENANT, bytes(16), "authorise", 1),
            (SECRET, TENANT, ORDER, "capture", 1),
            (SECRET, TENANT, ORDER, "authorise", 2),
            # The same bytes in a row, cut elsewhere.
            (SECRET, TENANT + ORDER[:1], ORDER[1:], "authorise", 1),
            (SECRET, TENANT, ORDER, "authorise1", 1),
            (SECRET, TENANT, ORDER, "authorise", 11),
        )
    }
    assert len(keys) == 9
