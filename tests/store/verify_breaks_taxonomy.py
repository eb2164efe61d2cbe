"""How categories and other taxa can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break

BREAKS_OF_TAXONOMY = (
    Break("TAXONOMY", "a circle", "clothes",
          ("UPDATE taxa SET parent_id = :shirts WHERE id = :clothes AND org = 1",)),
    Break("TAXONOMY", "a circle of one", "clothes",
          ("UPDATE taxa SET parent_id = :clothes WHERE id = :clothes AND org = 1",)),
    Break("TAXONOMY", "deeper than what is above", "shirts",
          ("UPDATE taxa SET depth = 2 WHERE id = :shirts AND org = 1",)),
    Break("TAXONOMY", "deep below nothing", "clothes",
          ("UPDATE taxa SET depth = 1 WHERE id = :clothes AND org = 1",
           "UPDATE taxa SET depth = 2 WHERE id = :shirts AND org = 1")),
    Break("TAXONOMY", "below a brand", "shirts",
          ("UPDATE taxa SET kind = 'brand' WHERE id = :clothes AND org = 1",), ()),
    Break("TAXONOMY", "a slug twice", "shirts",
          ("UPDATE taxa SET slug = 'shirts' WHERE id = :clothes AND org = 1",), ("taxa",)),
    Break("TAXONOMY", "what no event tells", "nowhere",
          (("INSERT INTO taxa SELECT org, :nowhere, kind, name, 'other', sorted_by, description, "
            "parent_id, depth, logo_url, type, created_at, updated_at "
            "FROM taxa WHERE id = :clothes AND org = 1"),)),
    Break("TAXONOMY", "a product in a brand", "shirt",
          ("UPDATE products SET category_id = :acme WHERE id = :shirt AND org = 1",)),
    Break("TAXONOMY", "a product of a category", "shirt",
          ("UPDATE products SET brand_id = :shirts WHERE id = :shirt AND org = 1",)),
)  # fmt: skip
