"""How accounts at payment services can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break

_PAYMENT = "WHERE order_id = :confirmed AND org = 1"
_COPIED = (
    "INSERT INTO provider_accounts (org, service, sealed, added_at) "
    "SELECT 2, service, sealed, added_at FROM provider_accounts WHERE org = 1"
)

BREAKS_OF_ACCOUNTS = (
    Break("ACCOUNTS", "an account at a service that nobody knows", "square",
          ("UPDATE provider_accounts SET service = 'square' WHERE org = 1",)),
    Break("ACCOUNTS", "a text that was cut off", "stripe",
          ("UPDATE provider_accounts SET sealed = substr(sealed, 1, 32) WHERE org = 1",)),
    Break("ACCOUNTS", "a text that lost its beginning", "stripe",
          ("UPDATE provider_accounts SET sealed = substr(sealed, 2, 60) WHERE org = 1",)),
    Break("ACCOUNTS", "another organization's account", "stripe", (_COPIED,)),
    Break("ACCOUNTS", "a payment that nobody answers", "square",
          (f"UPDATE payments SET service = 'square' {_PAYMENT}",)),
    Break("ACCOUNTS", "a payment that another service answers", "paypal",
          (f"UPDATE payments SET service = 'paypal' {_PAYMENT}",)),
)  # fmt: skip
