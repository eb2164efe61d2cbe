"""Pages of Synq's lists of the catalogue, which are bare arrays: `limit`, and `after` an id."""

from __future__ import annotations

from entrepot.core.refusal import Reason, refuse
from entrepot.edge import query_numbers
from entrepot.edge.dialect import Call, Parameter
from entrepot.edge.synq.ids import uuid


def parameters(most: int) -> tuple[Parameter, Parameter]:
    """The parameters of a list that shows `most` at once."""
    limited = {"type": "integer", "default": most, "minimum": 1, "maximum": most}
    return (
        Parameter("limit", "query", limited, False, f"How many to return. At most {most:,}."),
        Parameter("after", "query", {"type": "string", "format": "uuid"}, False,
                  "The id of the last one that you have: the next ones follow."),
    )  # fmt: skip


def paged(call: Call, most: int, *others: str) -> tuple[bytes | None, int]:
    """The id behind which the page begins, if any, and how many it shows."""
    query = call.query("limit", "after", *others)
    limit = query_numbers.whole(query.get("limit", f"{most}"))
    if limit is None or limit < 1:
        raise refuse(Reason.INVALID, "must be a whole number from 1", "limit")
    after = query.get("after")
    return None if after is None else uuid(after, "after"), min(limit, most)
