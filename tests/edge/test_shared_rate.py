"""Token buckets that several processes share keep the promise of one process's own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from entrepot.edge.rate_limit import SharedTokenBuckets, TokenBuckets

# Exact in binary, so that the property can be stated without a tolerance.
steps = st.sampled_from([0, 0, 0, 1, 2, 8, 16, 64]).map(lambda n: n / 16)
rates = st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, 16.0])
bursts = st.sampled_from([1.0, 1.5, 2.0, 3.0, 8.0])
requests = st.lists(st.tuples(st.integers(1, 12), steps, st.booleans()), max_size=120)

TAKER = """
import sys
from pathlib import Path
from entrepot.edge.rate_limit import SharedTokenBuckets
buckets = SharedTokenBuckets(Path(sys.argv[1]), 1.0, 20_000.0)
print("ready", flush=True)
sys.stdin.readline()
print(sum(buckets.take(7, 1.0) == 0.0 for _ in range(15_000)))
"""


@given(rate=rates, burst=bursts, requests=requests)
@example(rate=1.0, burst=1.0, requests=[(key, 0.0, False) for key in (*range(1, 10), 1)])
def test_no_window_admits_more_than_burst_and_rate_wherever_it_is_asked(
    rate: float, burst: float, requests: list[tuple[int, float, bool]]
) -> None:
    """Two that share a file; more keys than its one set has places, so that some are given up."""
    with tempfile.TemporaryDirectory() as folder:
        both = [SharedTokenBuckets(Path(folder, "rate"), rate, burst, sets=1) for _ in range(2)]
        admitted: dict[int, list[float]] = {}
        now = 1.0
        for key, step, other in requests:
            now += step
            if both[other].take(key, now) == 0.0:
                admitted.setdefault(key, []).append(now)
    for times in admitted.values():
        for first, start in enumerate(times):
            for last in range(first, len(times)):
                assert last - first + 1 <= burst + rate * (times[last] - start)


@given(rate=rates, burst=bursts, requests=requests)
@example(rate=1.0, burst=1.0, requests=[(1, 0.0, False), (1, 0.0, True)])
def test_with_room_for_all_it_says_what_one_process_says(
    rate: float, burst: float, requests: list[tuple[int, float, bool]]
) -> None:
    alone = TokenBuckets(rate, burst)
    with tempfile.TemporaryDirectory() as folder:
        both = [SharedTokenBuckets(Path(folder, "rate"), rate, burst, sets=64) for _ in range(2)]
        now = 1.0
        for key, step, other in requests:
            now += step
            assert both[other].take(key, now) == alone.take(key, now)


def test_processes_that_ask_at_once_get_no_token_twice(tmp_path: Path) -> None:
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKER, str(tmp_path / "rate")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for taker in takers:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("\n")
        taker.stdin.flush()
    assert sum(int(taker.communicate(timeout=60)[0]) for taker in takers) == 20_000
