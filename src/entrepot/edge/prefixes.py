"""The prefixes that ids have in some dialect, by what they name."""

from __future__ import annotations

from typing import Final

LINE: Final = ("oi_",)
ENTRY: Final = ("ile_",)
VARIANT: Final = ("var_",)
PRODUCT: Final = ("itm_",)
PRICE_LIST: Final = ("list_",)
INVOICE: Final = ("inv_",)
# A customer, the buyer and the partnership share one id (docs/adr/0057).
CUSTOMER: Final = ("phm_", "pha_", "prt_")
MAILBOX, TELEPHONE, PLACE = "eml_", "phn_", "loc_"
