"""How partnerships and buyers can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break

_ITS = "WHERE org = 1 AND id = :buyer"
_MAILBOX = "WHERE org = 1 AND customer_id = :buyer AND id = :second_mailbox"

BREAKS_OF_PARTNERS = (
    Break("PARTNERSHIPS", "a change that nobody told", "buyer",
          (f"UPDATE partnerships SET version = version + 1 {_ITS}",)),
    Break("PARTNERSHIPS", "a partnership that is gone", "buyer",
          ("DELETE FROM buyer_contacts WHERE org = 1", "DELETE FROM buyer_locations WHERE org = 1",
           "DELETE FROM buyers WHERE org = 1", "DELETE FROM partnerships WHERE org = 1")),
    Break("OWN_ORGANIZATION", "a buyer without a partnership", "buyer",
          (f"DELETE FROM partnerships {_ITS}",), (), ("PARTNERSHIPS",)),
    Break("OWN_ORGANIZATION", "a partnership with nobody", "nowhere",
          (("INSERT INTO partnerships SELECT org, :nowhere, status, list_id, created_at, "
            f"updated_at, 0 FROM partnerships {_ITS}"),)),
    Break("OWN_ORGANIZATION", "an item list that is not there", "buyer",
          (f"UPDATE partnerships SET list_id = :nowhere {_ITS}",)),
    Break("OWN_ORGANIZATION", "contacts of nobody", "second_mailbox",
          (f"UPDATE buyer_contacts SET customer_id = :nowhere {_MAILBOX}",)),
    Break("OWN_ORGANIZATION", "a location of nobody", "buyer_locations",
          ("UPDATE buyer_locations SET customer_id = :nowhere WHERE org = 1",)),
    Break("BUYERS", "two primary mailboxes", "buyer",
          (f"UPDATE buyer_contacts SET is_primary = true {_MAILBOX}",)),
    Break("BUYERS", "a mailbox twice", "buyer",
          (f"UPDATE buyer_contacts SET compared = 'buyer@example.org' {_MAILBOX}",)),
    Break("BUYERS", "a buyer who is no contact", "buyer",
          ("DELETE FROM contact_terms WHERE org = 1 AND customer_id = :buyer",
           f"DELETE FROM contacts {_ITS}"), (), ("TALLIES",)),
)  # fmt: skip
