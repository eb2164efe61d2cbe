"""The comparison's own arithmetic, what it prints, and that nothing it starts is left behind."""

import asyncio
import itertools
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from bench.peers import driver, figures, processes, table
from bench.peers.figures import Load, Result, Sale, Shop

from bench import process
from entrepot.testing.server import eventually


def shop(name: str, rate: float, memory: int, *, ours: bool = False, failed: str = "") -> Shop:
    load = Load(clients=32, rate=rate, p50=650.0, p99=900.5, orders=600, seconds=12.0)
    sale = Sale(stock=100, buyers=300, sold=101, refused=199, errors=0, seconds=2.5)
    return Shop(
        name=name, version="1.0", how="one call", ours=ours, memory=memory, loads=[load],
        sale=sale, start_seconds=0.8, failed=failed,
    )  # fmt: skip


def result(*shops: Shop) -> Result:
    return Result({"cores": "2"}, {"clients": "32"}, list(shops), figures.ratios(shops))


def test_an_order_counts_by_the_share_of_its_time_inside_the_window() -> None:
    inside, half_before, half_after, outside = (10, 12), (8, 12), (18, 22), (20, 30)
    assert figures.rate([inside], 10, 20) == pytest.approx(0.1)
    assert figures.rate([half_before], 10, 20) == pytest.approx(0.05)
    assert figures.rate([half_after], 10, 20) == pytest.approx(0.05)
    assert figures.rate([outside], 10, 20) == 0


def test_clients_in_step_have_the_same_rate_wherever_the_window_opens() -> None:
    waves = [(at, at + 7.0) for at in (0.0, 7.0, 14.0, 21.0) for _ in range(32)]
    for begun in (5.0, 6.9, 7.1):
        assert figures.rate(waves, begun, begun + 15) == pytest.approx(32 / 7)


def test_latencies_are_of_the_orders_that_ended_in_the_window() -> None:
    took = figures.milliseconds([(1, 3), (4, 5), (9, 30)], 2, 10)
    assert took == [2_000, 1_000]
    assert figures.milliseconds([(0, 9), (2, 30), (3, 4)], 10, 20) == [28_000]
    assert figures.percentile(took, 50) == 2_000
    assert figures.percentile([], 99) == 0


def test_ours_stands_against_the_fastest_and_the_leanest_that_did_not_fail() -> None:
    told = figures.ratios(
        [
            shop("slow and lean", 10, 100),
            shop("fast", 50, 400),
            shop("broken", 9_000, 1, failed="ended with 1"),
            shop("ours", 2_000, 80, ours=True),
        ]
    )
    assert [(one.what, one.other_name, one.value) for one in told] == [
        ("orders/s at 32", "fast", 40),
        ("memory", "slow and lean", 0.8),
    ]


def test_ours_alone_has_nothing_to_stand_against() -> None:
    assert figures.ratios([shop("ours", 2_000, 80, ours=True)]) == []


def test_what_was_saved_is_read_back_and_printed_with_its_failures(tmp_path: Path) -> None:
    path = tmp_path / "var" / "bench-peers.json"
    result(shop("peer", 50, 160), shop("bad", 1, 1, failed="no | answer"), shop("o", 1, 1)).save(
        path
    )
    text = table.markdown(figures.load(path))
    assert "| peer (1.0) | 50 | 650 | 900 | 0 | 101 in 2.5 s | 1 |" in text
    assert "FAILED: no \\| answer" in text


def test_a_driver_that_may_be_the_limit_is_told() -> None:
    bounded, free = shop("bounded", 90, 1), shop("free", 90, 1)
    bounded.loads[0].driver_cores, free.loads[0].driver_cores = 0.25, 0.05
    assert "the driver used 25% of a core" in table.cells(bounded)[-1]
    assert "driver" not in table.cells(free)[-1]


def test_the_table_goes_between_its_marks_and_nowhere_else(tmp_path: Path) -> None:
    document = tmp_path / "peers.md"
    document.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.put_into(document, "new\n")
    assert document.read_text() == f"before\n{table.BEGIN}\nnew\n{table.END}\nafter\n"
    document.write_text("no marks")
    with pytest.raises(ValueError, match="has no"):
        table.put_into(document, "new\n")


async def test_a_sale_tells_the_refused_from_the_failed_and_asks_the_books() -> None:
    left = iter(range(100))

    async def buy(_: httpx.AsyncClient) -> bool:
        number = next(left)
        await asyncio.sleep(0)
        if number == 7:
            raise driver.Failed("500: oh")
        return number < 5

    sale = await driver.sale("http://127.0.0.1:1", buy, 20, 4, 3, lambda: 5)
    assert (sale.sold, sale.oversold, sale.refused, sale.errors) == (5, 2, 14, 1)
    assert sale.promised == 5
    assert sale.first_error == "Failed: 500: oh"
    assert next(left) == 20


async def test_a_load_counts_failures_apart_and_ends_by_itself() -> None:
    turns = itertools.cycle((True, False))

    async def buy(_: httpx.AsyncClient) -> bool:
        await asyncio.sleep(0)
        return next(turns)

    plan = driver.Plan(warm_up=0.0, seconds=0.3)
    load = await driver.load("http://127.0.0.1:1", buy, 2, plan, lambda: (1.0, 2.0))
    assert load.clients == 2
    assert load.orders > 0
    assert load.errors > 0
    assert load.first_error == "refused, though there is stock"


def test_a_program_ends_with_its_children_even_where_they_will_not(tmp_path: Path) -> None:
    stubborn = (
        "import signal, subprocess, sys\n"
        "child = 'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);'\n"
        "child += 'print(1, flush=True); signal.pause()'\n"
        "subprocess.run([sys.executable, '-c', child])\n"
    )
    log = tmp_path / "log"
    program = processes.Program([sys.executable, "-c", stubborn], tmp_path, {}, log)
    with program:
        eventually(lambda: "1" in log.read_text(), "the child is up")
        pids = process.tree(program.pid)
        assert len(pids) == 2
        assert processes.memory([program.pid]) > 0
    eventually(lambda: not any(alive(pid) for pid in pids), "all of them have ended")


def test_a_program_over_its_time_is_ended_and_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import signal; print('at it', flush=True); signal.pause()"]
    with pytest.raises(processes.Broke, match="took over 1 s"):
        processes.run(command, tmp_path, {}, tmp_path / "log", 1.0)
    failing = [sys.executable, "-c", "print('why'); raise SystemExit(3)"]
    with pytest.raises(processes.Broke, match="ended with 3: why"):
        processes.run(failing, tmp_path, {}, tmp_path / "other", 30.0)


def test_a_name_that_is_none_is_told() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bench.peers", "--only", "oscar,shopify"],
        check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=60,
    )  # fmt: skip
    assert told.returncode == 1
    assert "not shopify" in told.stderr


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
