"""`make clients` tries these files. `make test` does not: they need Node and a generator."""

import os

MADE = os.environ.get("ENTREPOT_TEST_CLIENTS")
collect_ignore_glob = [] if MADE else ["test_*.py"]
