"""The secrets of a webhook: the newest, and for a while the one before."""

from __future__ import annotations

import pytest

from entrepot import sealing

ORG, UNTIL = 7, 1_800_000_000_000_000
KEY, ANOTHER = b"k" * 32, b"l" * 32
# A plain secret may begin as a sealed one or two of them do.
FIRST, SECOND, THIRD = b"\x02" + b"a" * 31, b"\x01" + b"b" * 31, b"c" * 32


def signing(keys: tuple[bytes, ...], kept: bytes, now: int) -> tuple[bytes, ...]:
    return sealing.secrets_of(sealing.open_secret(keys, ORG, kept), now)


@pytest.mark.parametrize("keys", [(), (KEY,)])
def test_a_secret_is_followed_by_the_newest_two_alone(keys: tuple[bytes, ...]) -> None:
    kept = sealing.seal_secret(keys, ORG, FIRST)
    assert signing(keys, kept, UNTIL) == (FIRST,)
    kept = sealing.renewed_secret(keys, ORG, kept, SECOND, UNTIL)
    assert sealing.is_sealed_secret(kept) is bool(keys)
    assert signing(keys, kept, UNTIL - 1) == (SECOND, FIRST)
    assert signing(keys, kept, UNTIL) == (SECOND,)
    kept = sealing.renewed_secret(keys, ORG, kept, THIRD, UNTIL + 5)
    assert signing(keys, kept, UNTIL + 4) == (THIRD, SECOND)
    assert signing(keys, kept, UNTIL + 5) == (THIRD,)


def test_a_secret_that_no_key_opens_is_followed_by_the_new_one_alone() -> None:
    lost = sealing.seal_secret((ANOTHER,), ORG, FIRST)
    kept = sealing.renewed_secret((KEY,), ORG, lost, SECOND, UNTIL)
    assert signing((KEY,), kept, UNTIL - 1) == (SECOND,)
