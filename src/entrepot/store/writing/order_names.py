"""The order that a text means: ids, references and names by which a person may ask for an order."""

from __future__ import annotations

import re
from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core import ids
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in
from entrepot.store.schema.orders import NAME_MAX

# The kinds of names after ids, the strongest first, each with what its index holds.
_NAMES = (
    ("external_id", "external_id IS NOT NULL"),
    ("external_reference", "external_reference IS NOT NULL"),
    ("external_name", f"length(external_name) <= {NAME_MAX}"),
)
_OWN, _SENDER = 0, 1
# The organization's number of an order, as people write it.
_GIVEN = re.compile(r"#?([1-9][0-9]{0,17})", re.ASCII)


class Named(NamedTuple):
    """An order that a text may mean, and by which of its names."""

    id: bytes
    number: int
    name: str


@asked_in("one statement")
def called(conn: Connection, org: int, text: str) -> list[Named]:
    """The organization's orders that are called so by anybody, each once, by falling number.

    Our own id decides alone, and so does a number behind a `#` where there is such an order. Else
    all names count alike: the number, a sender's id, the external id, the reference, the name that
    people read. Of one name two orders are named at most: two are as good as many.
    """
    if len(text) > NAME_MAX or "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        return []
    statement = Statement(conn)
    of_org = statement.mark(org)
    own, given = ids.any_spelling(text), _GIVEN.fullmatch(text)
    parts = []
    if own is not None:
        named = statement.mark(own)
        parts.append(f"SELECT 'id' AS name, id FROM orders WHERE org = {of_org} AND id = {named}")
    if given is not None:
        named = statement.mark(int(given[1]))
        parts.append(
            f"SELECT 'number' AS name, id FROM orders WHERE org = {of_org} AND number = {named}"
        )
    text_mark = statement.mark(text)
    for column, indexed in (("sender_id", "sender_id IS NOT NULL"), *_NAMES):
        parts.append(
            f"SELECT name, id FROM (SELECT '{column}' AS name, id FROM orders "
            f"WHERE org = {of_org} AND {column} = {text_mark} AND {indexed} LIMIT 2) AS n_{column}"
        )
    # Each index has the id. The number is asked of the order: an index that lacks a wanted column
    # would be passed over for the whole book.
    number = f"(SELECT o.number FROM orders AS o WHERE o.org = {of_org} AND o.id = n.id)"
    text_of_all = " UNION ALL ".join(parts)
    rows = statement.fetch(f"SELECT n.name, n.id, {number} FROM ({text_of_all}) AS n")
    found = [Named(row[1], row[2], row[0]) for row in rows]
    sure = {"id", "number"} if text.startswith("#") else {"id"}
    alone = [one for one in found if one.name in sure]
    once = {one.id: one for one in reversed(alone or found)}
    return sorted(once.values(), key=lambda one: -one.number)


@asked_in("one statement")
def find(conn: Connection, org: int, text: str, dialect: str) -> bytes | None:
    """The id of the organization's order that this text means in a dialect; None if it means none.

    Kinds of names, in the order in which they are tried:

    1. our own id, in any spelling
    2. the id of the dialect's own sender
    3. the id of another sender
    4. the external id
    5. the reference
    6. the name

    The first kind that has the text decides. If two orders have the text, it means none. One
    statement looks into an index for each kind.
    """
    if len(text) > NAME_MAX or "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        return None
    statement = Statement(conn)
    of_org, text_mark = statement.mark(org), statement.mark(text)
    asking = statement.mark(dialect)
    senders = (
        f"SELECT CASE WHEN origin = {asking} THEN {_SENDER} ELSE {_SENDER + 1} END AS kind, id "
        f"FROM orders WHERE org = {of_org} AND sender_id = {text_mark}"
    )
    parts = [senders]
    own = ids.any_spelling(text)
    if own is not None:
        mine = statement.mark(own)
        parts.append(f"SELECT {_OWN} AS kind, id FROM orders WHERE org = {of_org} AND id = {mine}")
    for kind, (column, indexed) in enumerate(_NAMES, _SENDER + 2):
        # Two are as good as many.
        parts.append(
            f"SELECT kind, id FROM (SELECT {kind} AS kind, id FROM orders "
            f"WHERE org = {of_org} AND {column} = {text_mark} AND {indexed} LIMIT 2) AS n{kind}"
        )
    found = sorted(statement.fetch(" UNION ALL ".join(parts)))
    if not found or (len(found) > 1 and found[0][0] == found[1][0]):
        return None
    order_id: bytes = found[0][1]
    return order_id
