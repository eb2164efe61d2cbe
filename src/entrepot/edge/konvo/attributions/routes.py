"""Konvo's attributions: the path table, and the lines that connect reading, a question and
writing."""

from __future__ import annotations

from collections.abc import Mapping

from entrepot.core import ids
from entrepot.core.attributing import ASSIST, MAIN, Asked
from entrepot.core.between import Between
from entrepot.core.refusal import Reason, refuse
from entrepot.core.touches import ORIGINS
from entrepot.edge import prefixes
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.konvo import paging
from entrepot.edge.konvo.attributions import wire, write
from entrepot.edge.konvo.documented import ERRORS
from entrepot.store.reading import attributions
from entrepot.writer.envelope import Answer

IDS_MAX = 100


async def list_attributions(call: Call) -> Answer:
    """A page of attributions, newest first, and the number of all that match."""
    query = call.query(
        "page", "limit", "fields", "created_at_min", "created_at_max", "contact", "type", "origin",
        "originId", "originIds",
    )  # fmt: skip
    limit, offset = paging.page(query)
    between = Between(paging.since(query, "created_at_min"), paging.until(query, "created_at_max"))
    shown = paging.chosen(query, wire.MEMBERS)
    asked = Asked(
        paging.own_id(query, "contact", *prefixes.CUSTOMER),
        _word(query, "type", (MAIN, ASSIST)),
        _word(query, "origin", ORIGINS),
        _origins(query),
    )
    found = await call.read(attributions.page, asked, between, limit=limit, offset=offset)
    return write.page(found, shown)


def _word(query: Mapping[str, str], field: str, words: tuple[str, ...]) -> str | None:
    """A word of these, told in upper or lower case."""
    text = query.get(field)
    if text is None:
        return None
    for word in words:
        if word.lower() == text.lower():
            return word
    raise refuse(Reason.INVALID, f"must be one of {', '.join(words)}", field)


def _origins(query: Mapping[str, str]) -> tuple[bytes, ...]:
    """The ids of `originIds`, and that of `originId`, each once."""
    one, text = paging.own_id(query, "originId"), query.get("originIds")
    if text is None:
        return () if one is None else (one,)
    if one is not None:
        raise refuse(Reason.INVALID, "tell `originId` or `originIds`", "originIds")
    found = [ids.spelled(part.strip()) for part in text.split(",")]
    listed = tuple(dict.fromkeys([id_ for id_ in found if id_ is not None]))
    if None in found or len(listed) > IDS_MAX:
        sentence = f"must be at most {IDS_MAX} UUIDs with commas between them"
        raise refuse(Reason.INVALID, sentence, "originIds")
    return listed


OPERATIONS = (
    Operation(
        method="GET", path="/attributions", operation_id="listAttributions",
        summary="Get Attributions", handler=list_attributions, tag="Attributions",
        description="Orders credited to the origins that touched their contact before. An order "
        "is credited a moment after it was placed.",
        parameters=(
            *paging.pages("Attributions"),
            paging.text("fields", "The members to answer with, with commas between them."),
            *paging.bounds("created_at"),
            paging.text("contact", "The id of the contact whose orders are credited."),
            paging.text("type", "`MAIN` or `ASSIST`."),
            paging.text("origin", "`broadcast`, `ai`, `flow`, `automation` or `app`."),
            paging.text("originId", "The id of one origin, of any kind."),
            paging.text("originIds", "Several such ids, with commas between them."),
        ),
        responses={
            200: Response("A page of attributions; `count` is the number of all",
                          wire.Attributions, ("Warning",)),
            **ERRORS,
        },
    ),
)  # fmt: skip
