"""How invoices can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break

_IT = "WHERE org = 1 AND id = :invoice"
_COLUMNS = (
    "status, reference, notes, properties, currency, scale, subtotal, discount, shipping, tax, "
    "total, total_scale, lines, created_at, updated_at, version"
)
_ANOTHER = (
    f"INSERT INTO invoices (org, id, number, order_id, customer_id, {_COLUMNS}) "
    f"SELECT org, :nowhere, 3, order_id, customer_id, {_COLUMNS} FROM invoices {_IT}"
)
BREAKS_OF_INVOICES = (
    Break("INVOICES", "another total than its order's", "invoice",
          (f"UPDATE invoices SET total = total + 1, subtotal = subtotal + 1 {_IT}",)),
    Break("INVOICES", "figures that do not add up", "invoice",
          (f"UPDATE invoices SET tax = tax + 1 {_IT}",)),
    Break("INVOICES", "another currency", "invoice",
          (f"UPDATE invoices SET currency = 'USD' {_IT}",)),
    Break("INVOICES", "a change that nobody told", "invoice",
          (f"UPDATE invoices SET version = version + 1 {_IT}",)),
    Break("INVOICES", "two of one order", "billed", (_ANOTHER,), ("invoices",),
          ("INVOICE_NUMBERS", "TALLIES", "PROPERTIES")),
    Break("INVOICES", "an invoice of an order that another system runs", "mirrored",
          (f"UPDATE invoices SET order_id = :mirrored {_IT}",)),
    Break("INVOICE_NUMBERS", "a number left out", "1",
          (f"UPDATE invoices SET number = 100 {_IT}",)),
    Break("INVOICE_NUMBERS", "a counter ahead", "1",
          ("UPDATE order_counters SET invoices = invoices + 1 WHERE org = 1",)),
    Break("INVOICE_NUMBERS", "an invoice that was removed", "1",
          ("DELETE FROM invoices WHERE org = 1 AND id = :voided_invoice",), (),
          ("TALLIES", "OWN_ORGANIZATION")),
    Break("PROPERTIES", "a property that no search finds", "invoice",
          ("DELETE FROM invoice_properties WHERE org = 1 AND invoice_id = :invoice",), (),
          ("TALLIES",)),
    Break("TALLIES", "an invoice that is not counted", "invoices",
          (("UPDATE list_tallies SET counted = counted - 1 "
            "WHERE list = 'invoices' AND word = 'OVERDUE' AND level = 0"),)),
)  # fmt: skip
