"""K18: the book is restored from a backup that knows nothing of the last order."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.faults.shop import TOTAL, selling

from entrepot.testing.command_line import run_in
from entrepot.testing.server import sqlite_url


def test_a_payment_whose_order_was_lost_is_found(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    book = Path(url.removeprefix("sqlite:///"))
    with selling("stripe", url, tmp_path) as shop:
        kept = shop.placed()
        assert shop.world.synq.until(kept)["status"] == "confirmed"
        assert shop.server.terminate() == 0
        shutil.copyfile(book, tmp_path / "backup.db")
        shop.server.start()
        lost = shop.placed()
        assert shop.world.synq.until(lost)["status"] == "confirmed"
        [paid] = shop.payments(lost)
        shop.server.kill()
        for suffix in ("-wal", "-shm"):
            book.with_name(book.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(tmp_path / "backup.db", book)
        shop.server.launch("--accept-loss")
        shop.server.wait_until_ready()
        told = run_in(shop.server.folder, shop.server.env, "reconcile", "Demo", "--json")
        assert told.code == 1, told
        assert paid["payment"] in told.out, "it names the payment without an order"
        [found] = json.loads(told.out)["findings"]
        assert found["provider_reference"] == paid["payment"], found
        shop.judge(kept, held=TOTAL)
