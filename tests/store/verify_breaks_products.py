"""How the catalogue can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break

_PLATE, _BOWL = "WHERE org = 1 AND id = :plate", "WHERE org = 1 AND id = :bowl"

BREAKS_OF_PRODUCTS = (
    Break("PRODUCTS", "a change that nobody told", "plate",
          (f"UPDATE products SET version = version + 1 {_PLATE}",)),
    Break("PRODUCTS", "changed before it was made", "plate",
          (f"UPDATE products SET updated_at = created_at - 1 {_PLATE}",)),
    Break("PRODUCTS", "deleted at no time", "bowl",
          (f"UPDATE products SET deleted_at = NULL {_BOWL}",)),
    Break("PRODUCTS", "a deletion that was taken back", "bowl",
          (f"UPDATE products SET status = 'active', deleted_at = NULL, handle = NULL {_BOWL}",)),
    Break("PRODUCTS", "nothing of it is left", "plate",
          ("UPDATE variants SET deleted_at = 1 WHERE org = 1 AND item_id = :plate",)),
    Break("PRODUCTS", "something of a deleted product is left", "bowl",
          ("UPDATE variants SET deleted_at = NULL WHERE org = 1 AND item_id = :bowl",)),
    Break("PRODUCTS", "a handle that leads nowhere", "plate",
          ("DELETE FROM product_handles WHERE org = 1 AND handle = 'plate'",)),
    Break("PRODUCTS", "a handle of another product", "plate",
          (f"UPDATE products SET handle = 'other' {_PLATE}",)),
    Break("PRODUCTS", "a SKU that leads nowhere", "plate_small",
          ("DELETE FROM variant_names WHERE org = 1 AND value = 'DISH-S'",)),
    Break("PRODUCTS", "a SKU of another variant", "plate_small",
          (("UPDATE variant_names SET variant_id = (SELECT variant_id FROM variant_names "
            "WHERE org = 1 AND value = 'TEE') WHERE org = 1 AND value = 'DISH-S'"),)),
    Break("PRODUCTS", "a product that the catalogue has forgotten", "bowl",
          (f"DELETE FROM products {_BOWL}",)),
    Break("PRODUCTS", "a variant off the default list", "plate_small",
          (("UPDATE item_list_entries SET list_id = :nowhere "
            "WHERE org = 1 AND variant_id = :plate_small"),),
          (), ("OWN_ORGANIZATION", "PRICE_LISTS")),
)  # fmt: skip
