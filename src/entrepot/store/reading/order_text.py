"""The orders of which somebody would say a text, as a condition on a row `o` of orders."""

from __future__ import annotations

import re

from entrepot.store.engines.sql import Statement

# Members that the text has to equal to the letter.
_NAMES = (
    "sender_id", "external_id", "external_reference", "external_name", "payment_reference",
    "idempotency_key",
)  # fmt: skip
_PHONE = re.compile(r"[0-9 +()./-]{5,40}\Z", re.ASCII)
_SIGNS = " +()./-"
_NUMBER = re.compile(r"#?([0-9]{1,18})\Z", re.ASCII)


def of_text(text: str, statement: Statement) -> str:
    """The condition. The customer's name and mailbox are compared without their case.

    A telephone is compared by its last digits, so that it is found with and without its country.
    """
    exact, folded = statement.mark(text), statement.mark(text.lower())
    found = [f"o.{name} = {exact}" for name in _NAMES]
    found.append(f"lower(o.email) = {folded}")
    part = statement.mark(f"%{_escaped(text.lower())}%")
    name = "lower(coalesce(o.first_name, '') || ' ' || coalesce(o.last_name, ''))"
    found.append(f"{name} LIKE {part} ESCAPE '!'")
    if number := _NUMBER.match(text):
        found.append(f"o.number = {statement.mark(int(number[1]))}")
    if _PHONE.match(text):
        digits = "".join([one for one in text if one.isdigit()]).lstrip("0")
        plain = "o.phone"
        for sign in _SIGNS:
            plain = f"replace({plain}, '{sign}', '')"
        found.append(f"{plain} LIKE {statement.mark('%' + digits)}")
    lines = "SELECT 1 FROM order_lines AS l WHERE l.org = o.org AND l.order_id = o.id"
    found.append(f"EXISTS ({lines} AND l.sku = {exact}{statement.sql.fence})")
    return f"({' OR '.join(found)})"


def _escaped(text: str) -> str:
    for sign in "!%_":
        text = text.replace(sign, f"!{sign}")
    return text
