"""How contacts and their lists can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break

_HERS = "WHERE org = 1 AND id = :ada"
_OF_HER = "WHERE org = 1 AND customer_id = :ada"
_TOLD = "WHERE org = 1 AND order_id = :told"
_IS_MIRRORED = "WHERE org = 1 AND id = :mirrored"
_MIRRORED = f"WHERE org = 1 AND number = (SELECT number FROM orders {_IS_MIRRORED})"

_MUG = "AND variant_id = :hard_mug"
BREAKS_OF_CONTACTS = (
    Break("CONTACTS", "an order of nobody", "mirrored",
          ("DELETE FROM contact_orders WHERE org = 1 AND order_id = :mirrored",
           f"UPDATE contacts SET orders = orders - 1 {_HERS}")),
    Break("CONTACTS", "an order of another customer", "mirrored",
          (("UPDATE orders SET customer_id = (SELECT guest_id FROM organizations WHERE org = 1) "
           "WHERE org = 1 AND id = :mirrored"),)),
    Break("CONTACTS", "more orders than there are", "ada",
          (f"UPDATE contacts SET orders = orders + 1 {_HERS}",)),
    Break("CONTACTS", "a term that was lost", "ada", (f"DELETE FROM contact_terms {_OF_HER}",)),
    Break("CONTACTS", "changed before it was made", "ada",
          (f"UPDATE contacts SET updated_at = created_at - 100000000 {_HERS}",), (), ("TALLIES",)),
    Break("SEARCH", "a term that was lost", "mirrored",
          (f"DELETE FROM order_terms {_MIRRORED}",)),
    Break("SEARCH", "a term of nothing", "mirrored",
          (f"INSERT INTO order_terms SELECT org, number, :nowhere FROM orders {_IS_MIRRORED}",)),
    Break("SEARCH", "terms of an order that nobody has read", "mirrored",
          ((f"UPDATE sweeps SET horizon = (SELECT number - 1 FROM orders {_IS_MIRRORED}) "
            "WHERE org = 1 AND kind = 'search'"),)),
    Break("SEARCH", "a name that its terms do not know", "mirrored",
          (f"UPDATE orders SET first_name = 'Konrad' {_IS_MIRRORED}",)),
    Break("TOUCHES", "a clicker who never clicked", "ada",
          (f"UPDATE touches SET kind = 'open' {_OF_HER}",), (), ("TALLIES",)),
    Break("TOUCHES", "a click of nobody", "touch",
          (f"DELETE FROM click_contacts {_OF_HER}",), (), ("TALLIES",)),
    Break("TOUCHES", "an old address that came back", "touch",
          ("UPDATE touches SET details = '{\"ip_address\":\"192.0.2.1\"}' WHERE id = :touch",
           ("INSERT INTO sweeps (org, kind, fence, leased_until, ended_at, horizon, reached_at, "
            "reached) SELECT org, 'addresses', 1, 0, 0, 0, 0, id FROM touches "
            "WHERE id = :touch"))),
    Break("TOUCHES", "a touch without an event", "nowhere",
          (("INSERT INTO touches SELECT org, :nowhere, customer_id, 'open', origin, origin_id, "
            "channel, at, recorded_at, external_user_id, resource_id, country, details "
            "FROM touches WHERE id = :touch AND org = 1"),)),
    Break("TALLIES", "a click that is not counted", "clicks",
          ("UPDATE list_tallies SET counted = counted - 1 WHERE list = 'clicks'",)),
    Break("ATTRIBUTIONS", "two main ones", "told",
          (f"UPDATE attributions SET type = 'MAIN' {_TOLD}",), (), ("TALLIES",)),
    Break("ATTRIBUTIONS", "none that is main", "told",
          (f"UPDATE attributions SET type = 'ASSIST' {_TOLD}",), (), ("TALLIES",)),
    Break("ATTRIBUTIONS", "the earlier touch is main", "told",
          ((f"UPDATE attributions SET type = CASE type WHEN 'MAIN' THEN 'ASSIST' ELSE 'MAIN' END "
           f"{_TOLD}"),), (), ("TALLIES",)),
    Break("ATTRIBUTIONS", "a credit that is missing", "told",
          (f"DELETE FROM attributions {_TOLD} AND type = 'ASSIST'",), (), ("TALLIES",)),
    Break("ATTRIBUTIONS", "a touch behind the order", "told",
          (f"UPDATE touches SET at = at + 86400000000 {_OF_HER} AND kind = 'message'",)),
    Break("ATTRIBUTIONS", "a touch before the window", "told",
          (f"UPDATE touches SET at = at - 700000000000 {_OF_HER} AND kind = 'message'",)),
    Break("ATTRIBUTIONS", "a credit of an order that was deleted", "deleted",
          (("INSERT INTO attributions SELECT org, :deleted, origin, origin_id, :nowhere, "
            "customer_id, touch_id, type, external_user_id, created_at FROM attributions "
            f"{_TOLD} AND type = 'MAIN'"),), (), ("TALLIES",)),
    Break("TALLIES", "a credit that is not counted", "attributions",
          (("UPDATE list_tallies SET counted = counted - 1 "
          "WHERE list = 'attributions' AND word = 'MAIN' AND level = 0"),)),
    Break("BROADCASTS", "a change that nobody told", "campaign",
          ("UPDATE broadcasts SET version = version + 1 WHERE id = :campaign AND org = 1",)),
    Break("BROADCASTS", "less than nothing sent", "campaign",
          ("UPDATE broadcasts SET sent = -1 WHERE id = :campaign AND org = 1",)),
    Break("COSTING", "goods that left at another cost", "hard_mug",
          (f"UPDATE stock_movements SET value = value - 1 WHERE value < 0 {_MUG}",)),
    Break("COSTING", "a layer of another value", "hard_mug",
          (f"UPDATE stock_layers SET value = value + 1 WHERE number >= 1 {_MUG}",)),
    Break("COSTING", "a shelf of another value", "hard_mug",
          (f"UPDATE shelf_values SET value = value + 1 WHERE layers > 1 {_MUG}",)),
    Break("COSTING", "a movement that is not there", "hard_mug",
          (f"DELETE FROM stock_movements WHERE kind = 'return' {_MUG}",)),
    Break("COSTING", "goods that were never valued", "hard_mug",
          (f"DELETE FROM stock_movements WHERE org = 1 {_MUG}",
           f"DELETE FROM stock_layers WHERE org = 1 {_MUG}",
           f"DELETE FROM shelf_values WHERE org = 1 {_MUG}", "DELETE FROM value_totals")),
    Break("COSTING", "another total", "EUR", ("UPDATE value_totals SET value = '1'",)),
    Break("COSTING", "lines that cost nothing", "1", ("DELETE FROM line_costs",)),
    Break("COSTING", "values of a log that nobody has read", "1", ("DELETE FROM stock_costing",)),
    Break("CONNECTIONS", "a change that nobody told", "connection",
          ("UPDATE connections SET version = version + 1 WHERE id = :connection AND org = 1",)),
    Break("CONNECTIONS", "an order that another system runs", "mirrored",
          ("UPDATE told_orders SET order_id = :mirrored WHERE order_id = :of_shop",)),
    Break("CONNECTIONS", "an order that would be placed once more", "of_shop",
          ("DELETE FROM told_orders WHERE order_id = :of_shop",)),
    Break("TALLIES", "a broadcast that is not counted", "broadcasts",
          ("UPDATE list_tallies SET counted = counted - 1 WHERE list = 'broadcasts'",)),
    Break("TALLIES", "a contact counted twice", "contacts",
          ("UPDATE list_tallies SET counted = counted + 1 WHERE list = 'contacts'",)),
)  # fmt: skip
