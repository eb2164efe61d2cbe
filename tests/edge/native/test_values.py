"""Values of bodies and queries: what they are read as, and the sentence where they cannot be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from entrepot.core.money import Amount
from entrepot.edge.native import bodies, values

UUID = "01981e6a-7c00-7000-8000-000000000001"


class One(msgspec.Struct, forbid_unknown_fields=True):
    """A member of each type."""

    id: values.Id | None = None
    money: values.Money | None = None
    much: values.Much | None = None
    count: values.Count | None = None
    instant: values.Instant | None = None
    code: values.Code | None = None
    reference: values.Reference | None = None


ONE = bodies.decoder(One)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f'{{"id": "{UUID}"}}', bytes.fromhex(UUID.replace("-", ""))),
        ('{"money": "12.50"}', Amount(1250, 2)), ('{"money": "0"}', Amount(0, 0)),
        ('{"money": "12.5000000000000000"}', Amount(125_000, 4)), ('{"count": 0e999}', 0),
        ('{"much": 2}', 20_000), ('{"much": 0.0001}', 1), ('{"much": 1e2}', 1_000_000),
        ('{"much": 2.50000}', 25_000), ('{"count": -3}', -30_000), ('{"count": 0}', 0),
        ('{"instant": "1970-01-01T00:00:01Z"}', 1_000_000),
        ('{"code": "eur"}', "EUR"), ('{"reference": "pi_1"}', "pi_1"),
    ],
)  # fmt: skip
def test_a_value_is_read_or_refused(body: str, found: Any) -> None:
    told = ONE.decode(body)
    [value] = [one for one in msgspec.structs.astuple(told) if one is not None]
    assert getattr(value, value.__class__.__mro__[-2].__slots__[0]) == found


@pytest.mark.parametrize(
    "body",
    [
        '{"id": "1"}', '{"id": 1}', '{"money": 12.5}', '{"money": "12,5"}', '{"money": "-1"}',
        '{"money": "1.00001"}', '{"much": 0}', '{"much": -1}', '{"much": "1"}', '{"much": true}',
        '{"much": 1.00001}', '{"much": 1e300}', '{"much": 1e-300}', '{"much": 1000000001}',
        '{"count": 1e30}', '{"instant": "soon"}', '{"instant": 5}', '{"code": "XAU"}',
        '{"code": "EURO"}', '{"reference": ""}', '{"reference": "4111 1111 1111 1111"}',
    ],
)  # fmt: skip
def test_a_value_that_is_none_is_a_fault_of_its_member(body: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=rf"\$\.{body.split(chr(34))[1]}"):
        ONE.decode(body)
