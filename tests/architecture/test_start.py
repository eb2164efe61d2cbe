"""A server starts without the packages that few servers use: each takes time and memory."""

from __future__ import annotations

import subprocess
import sys

# What needs each of them is in another module, which is loaded when something is to be done there.
NOT_AT_START = (
    "Adyen",  # an account at Adyen
    "alembic",  # a book that is made or migrated
    "asyncpg", "sqlalchemy.dialects.postgresql",  # a book in PostgreSQL
    "cryptography",  # a sealed text
    "httpx",  # an order source, a webhook, an integration service, an account at Stripe
    "jwt",  # tokens of Synq that somebody else signs
    "paypalserversdk",  # an account at PayPal
    "phonenumbers",  # a telephone number that is told
    "pygments",  # pages of help
    "rich",  # pages of help
    "stripe",  # an account at Stripe
)  # fmt: skip

SERVING = """
import sys
from entrepot.cli import main, serve
from entrepot.settings import Settings
from entrepot.store.engines.opening import open_database
open_database(Settings().database_url)
print(" ".join(sys.modules))
"""


def test_a_server_with_sqlite_loads_none_of_them() -> None:
    told = subprocess.run(
        [sys.executable, "-c", SERVING], check=True, capture_output=True, text=True, env={}
    )
    loaded = set(told.stdout.split())
    assert "entrepot.wiring" in loaded
    assert loaded.isdisjoint(NOT_AT_START)
