"""Makes the small old book: `python -m tests.upgrade.make_old_book PYTHON`.

PYTHON is the interpreter of an installed version of the program, whose schema is the one that the
files are named by. The rows and the answers are written beside this file, for test_upgrade.py.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.upgrade import rows
from tests.upgrade.asking import all_orders, asked, of_lists, of_orders, repeatable, replayed
from tests.upgrade.filling import fill
from tests.upgrade.old_server import Old
from tests.upgrade.talking import keep

HERE = Path(__file__).parent
BOOK, ANSWERS = HERE / "book_0013.json.xz", HERE / "answers_0013.json.xz"


def main(python: str) -> None:
    """Make the book, ask it everything, and keep both."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "entrepot.db")
        old = Old(Path(python), f"sqlite:///{file}", Path(name))
        fill(old, rounds=1)
        again = repeatable(old.written)
        with old.serving(role="api") as talk:
            # A first repeat may still find out what became of an announcement.
            asked(talk, again)
        old.command("verify")
        book = rows.of_file(file)
        with old.serving(role="api") as talk:
            known = all_orders(talk)
            reading = asked(talk, [*of_orders(known), *of_lists(known)])
            repeated = asked(talk, again)
        changed = [name for name, told in rows.of_file(file).items() if told != book[name]]
        assert not changed, f"reading and repeating change {changed}"
    keep(BOOK, {"rows": book, "organizations": old.organizations})
    keep(ANSWERS, {"reading": reading, "repeated": repeated})
    orders = len(book["orders"]["rows"])
    again = f"{replayed(repeated)} of {len(repeated)} repeats are replayed"
    sys.stdout.write(f"{orders} orders, {len(reading)} readings, {again}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
