"""When a step is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.pipeline.retry import POLICIES, RETRY_AFTER_MAX, Policy, next_try, starting_at

POLICY = Policy(base_seconds=1.0, cap_seconds=60.0, tries_max=50)


@pytest.mark.parametrize(
    ("tries", "random01", "expected"),
    [
        (0, 1.0, 1.0),
        (1, 1.0, 2.0),
        (5, 1.0, 32.0),
        (6, 1.0, 60.0),
        (48, 1.0, 60.0),
        (5, 0.5, 16.0),
        (5, 0.0, 0.0),
    ],
)
def test_the_wait_doubles_up_to_the_cap_and_is_jittered(
    tries: int, random01: float, expected: float
) -> None:
    assert next_try(tries, POLICY, random01) == expected


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_gives_up_at_last(name: str) -> None:
    policy = POLICIES[name]
    assert next_try(policy.tries_max - 2, policy, 0.5) is not None
    assert next_try(policy.tries_max - 1, policy, 0.5) is None


@pytest.mark.parametrize(
    ("retry_after", "expected"), [(5.0, 5.0), (0.5, 1.0), (-3.0, 1.0), (1e9, RETRY_AFTER_MAX)]
)
def test_a_service_that_asks_for_patience_gets_it_within_reason(
    retry_after: float, expected: float
) -> None:
    assert next_try(0, POLICY, 1.0, retry_after) == expected


@given(st.integers(0, 10**6), st.floats(0, 1), st.sampled_from(sorted(POLICIES)))
def test_no_wait_is_negative_or_over_the_cap(tries: int, random01: float, name: str) -> None:
    policy = POLICIES[name]._replace(tries_max=10**9)
    wait = next_try(tries, policy, random01)
    assert wait is not None
    assert 0 <= wait <= policy.cap_seconds


def test_the_first_wait_can_be_set_for_all_at_once() -> None:
    quick = starting_at(0.001)
    assert set(quick) == set(POLICIES)
    assert next_try(0, quick["authorise"], 1.0) == 0.001
    assert quick["void"]._replace(base_seconds=1.0) == POLICIES["void"]
    assert dict(starting_at(1.0)) == dict(POLICIES)
