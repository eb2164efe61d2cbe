"""How price lists can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break

_LIST = "WHERE org = 1 AND id = :list"
_DEFAULT = "(SELECT default_list FROM organizations WHERE org = 1)"

BREAKS_OF_PRICE_LISTS = (
    Break("PRICE_LISTS", "a change that nobody told", "list",
          (f"UPDATE item_lists SET version = version + 1 {_LIST}",)),
    Break("PRICE_LISTS", "less than nothing", "list",
          (f"UPDATE item_lists SET adjustment = -1000001 {_LIST}",)),
    Break("PRICE_LISTS", "no percentage", "list",
          (f"UPDATE item_lists SET adjustment = NULL {_LIST}",)),
    Break("PRICE_LISTS", "a price below 0", "entry",
          ("UPDATE item_list_entries SET price_units = -1 WHERE org = 1 AND id = :entry",)),
    Break("PRICE_LISTS", "a price without a currency", "entry",
          ("UPDATE item_list_entries SET currency = NULL WHERE org = 1 AND id = :entry",)),
    Break("PRICE_LISTS", "a default list that changes prices", "1",
          (f"UPDATE item_lists SET adjustment = 1 WHERE org = 1 AND id = {_DEFAULT}",)),
    Break("PRICE_LISTS", "an entry of the default list with a price", "1",
          (("UPDATE item_list_entries SET price_units = 1, price_scale = 0, currency = 'EUR' "
            f"WHERE org = 1 AND variant_id = :hard_mug AND list_id = {_DEFAULT}"),)),
    Break("PRICE_LISTS", "an entry that left the default list", "1",
          (("UPDATE item_list_entries SET removed_at = 1 "
            f"WHERE org = 1 AND variant_id = :hard_mug AND list_id = {_DEFAULT}"),)),
    Break("PRICE_LISTS", "the default list as a price list", "buyer",
          (f"UPDATE partnerships SET list_id = {_DEFAULT} WHERE org = 1 AND id = :buyer",)),
)  # fmt: skip
