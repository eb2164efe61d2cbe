"""Payment services played on this machine: Stripe, Adyen and PayPal, for tests without an account.

Each speaks its service's own protocol, so the service's official client works with it unchanged.
Each keeps a ledger of its own. This room knows nothing of the order book.
"""
