"""Token buckets keep their promise over every sequence, every window and every eviction."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entrepot.edge.rate_limit import TokenBuckets

# Exact in binary, so that the property can be stated without a tolerance.
steps = st.sampled_from([0, 0, 0, 1, 2, 8, 16, 64]).map(lambda n: n / 16)
rates = st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, 16.0])
bursts = st.sampled_from([1.0, 1.5, 2.0, 3.0, 8.0])


def admitted_times(
    buckets: TokenBuckets, requests: list[tuple[int, float]]
) -> dict[int, list[float]]:
    admitted: dict[int, list[float]] = {}
    now = 0.0
    for key, step in requests:
        now += step
        if buckets.take(key, now) == 0.0:
            admitted.setdefault(key, []).append(now)
    return admitted


def assert_windows_hold(times: list[float], rate: float, burst: float) -> None:
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + rate * (times[last] - start)


@given(
    rate=rates,
    burst=bursts,
    keys_max=st.integers(1, 4),
    requests=st.lists(st.tuples(st.integers(0, 6), steps), max_size=120),
)
def test_no_window_admits_more_than_burst_and_rate_even_across_evictions(
    rate: float, burst: float, keys_max: int, requests: list[tuple[int, float]]
) -> None:
    buckets = TokenBuckets(rate, burst, keys_max)
    for times in admitted_times(buckets, requests).values():
        assert_windows_hold(times, rate, burst)
    assert len(buckets) <= keys_max


@given(
    rate=st.floats(0.01, 5000),
    burst=st.floats(1, 50),
    start=st.floats(0, 1e9),
    gaps=st.lists(st.floats(0, 2), max_size=60),
)
@example(rate=7.0, burst=1.0, start=0.1, gaps=[0.0, 0.01])  # now + wait rounds down
def test_whoever_waits_as_told_is_admitted(
    rate: float, burst: float, start: float, gaps: list[float]
) -> None:
    buckets = TokenBuckets(rate, burst)
    now = start
    for gap in gaps:
        now += gap
        wait = buckets.take("org", now)
        assert wait >= 0.0
        if wait:
            now += wait
            assert buckets.take("org", now) == 0.0


@given(rate=rates, burst=bursts, idle=st.integers(0, 200))
def test_a_rested_key_gets_its_whole_burst(rate: float, burst: float, idle: int) -> None:
    buckets = TokenBuckets(rate, burst)
    while buckets.take(1, 0.0) == 0.0:
        pass
    rested = burst / rate + idle
    admitted = sum(buckets.take(1, rested) == 0.0 for _ in range(20))
    assert admitted == math.floor(burst)


def test_the_wait_is_the_time_until_the_next_token() -> None:
    buckets = TokenBuckets(2.0, 2.0)
    assert [buckets.take(7, 100.0) for _ in range(3)] == [0.0, 0.0, 0.5]
    assert buckets.take(7, 100.25) == 0.25
    assert buckets.take(7, 100.5) == 0.0


def test_a_refused_request_costs_no_token() -> None:
    buckets = TokenBuckets(1.0, 1.0)
    buckets.take(7, 0.0)
    assert [buckets.take(7, 0.5) for _ in range(10)] == [0.5] * 10
    assert buckets.take(7, 1.0) == 0.0


def test_keys_do_not_share_tokens() -> None:
    buckets = TokenBuckets(1.0, 1.0)
    assert [buckets.take(key, 0.0) for key in ("a", "b", 1, 2)] == [0.0] * 4


def test_the_burst_defaults_to_one_second_of_tokens() -> None:
    fast, slow = TokenBuckets(5.0), TokenBuckets(0.5)
    assert sum(fast.take(1, 0.0) == 0.0 for _ in range(20)) == 5
    assert sum(slow.take(1, 0.0) == 0.0 for _ in range(20)) == 1


def test_full_buckets_are_forgotten_before_any_other() -> None:
    buckets = TokenBuckets(1.0, 4.0, keys_max=3)
    buckets.take("rested", 0.0)
    for _ in range(4):
        buckets.take("busy", 9.0)
    buckets.take("other", 9.0)
    assert buckets.take("new", 10.0) == 0.0
    # The busy key is still remembered: it has the one token it earned since, and no burst.
    assert buckets.take("busy", 10.0) == 0.0
    assert buckets.take("busy", 10.0) == 1.0
    # Nothing but full buckets was given up, so a new key still finds a full bucket.
    assert sum(buckets.take("newest", 100.0) == 0.0 for _ in range(9)) == 4


def test_a_busy_bucket_is_not_given_up_while_a_full_one_can_be() -> None:
    buckets = TokenBuckets(1.0, 2.0, keys_max=16)
    buckets.take("rested", 0.0)
    for key in range(15):
        buckets.take(key, 9.0)
    assert buckets.take("new", 9.5) == 0.0
    assert len(buckets) == 16


def test_whoever_was_given_up_while_busy_comes_back_no_fuller() -> None:
    buckets = TokenBuckets(1.0, 2.0, keys_max=1)
    assert [buckets.take("a", 0.0), buckets.take("a", 0.0)] == [0.0, 0.0]
    buckets.take("b", 0.0)
    assert buckets.take("a", 0.0) == 1.0
    assert buckets.take("a", 1.0) == 0.0


def test_memory_stays_bounded_over_many_keys() -> None:
    buckets = TokenBuckets(1.0, 2.0, keys_max=100)
    for key in range(20_000):
        buckets.take(key, key / 1000)
        assert len(buckets) <= 100


def test_without_a_rate_everything_is_admitted_and_nothing_remembered() -> None:
    buckets = TokenBuckets(None)
    assert {buckets.take(key, 0.0) for key in range(1000)} == {0.0}
    assert len(buckets) == 0


@pytest.mark.parametrize(
    ("rate", "burst", "keys_max"),
    [
        (0.0, None, 1),
        (-1.0, None, 1),
        (math.inf, None, 1),
        (math.nan, None, 1),
        (1.0, 0.5, 1),
        (1.0, math.inf, 1),
        (1.0, math.nan, 1),
        (1.0, 1.0, 0),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    rate: float, burst: float | None, keys_max: int
) -> None:
    with pytest.raises(ValueError, match="must be"):
        TokenBuckets(rate, burst, keys_max)
