"""Synq's categories, brands, attributes, groups and templates: the path table, and the lines that
connect reading, the writer or a question, and writing. All five take the same way.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from entrepot.core import taxonomy
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.synq.documented import BODY_ERRORS, ERRORS, HEADERS
from entrepot.edge.synq.paging import paged, parameters
from entrepot.edge.synq.taxonomy import read, wire, write
from entrepot.store.reading import taxonomy as question
from entrepot.writer.envelope import Answer

#: As many in an answer.
SHOWN = 1_000


class Noun(NamedTuple):
    """A kind of the five: its path, its names in the document, and its shapes."""

    kind: str
    path: str
    one: str  # as in `makeCategory`
    many: str
    body: Any
    shape: Any
    shapes: Any  # of the list
    newest: bool = False  # the list begins with the newest, else it is sorted by name


NOUNS = (
    Noun(taxonomy.CATEGORY, "categories", "Category", "Categories", wire.MakeCategory,
         wire.Category, list[wire.Category]),
    Noun(taxonomy.BRAND, "brands", "Brand", "Brands", wire.MakeBrand, wire.Brand,
         list[wire.Brand]),
    Noun(taxonomy.ATTRIBUTE, "attributes", "Attribute", "Attributes", wire.MakeAttribute,
         wire.Attribute, list[wire.Attribute]),
    Noun(taxonomy.ATTRIBUTE_GROUP, "attribute-groups", "AttributeGroup", "AttributeGroups",
         wire.MakeNamed, wire.Named, list[wire.Named], newest=True),
    Noun(taxonomy.TEMPLATE, "templates", "Template", "Templates", wire.MakeNamed, wire.Named,
         list[wire.Named]),
)  # fmt: skip


async def list_taxa(noun: Noun, call: Call) -> Answer:
    """Answer with a page of them."""
    after, limit = paged(call, SHOWN)
    found = await call.read(question.listed, noun.kind, after, limit)
    if found is None:
        raise refuse(Reason.INVALID, "is the id of none of them", "after")
    return Answer(200, write.encode([write.taxon(one, call.principal) for one in found]))


async def make_taxon(noun: Noun, call: Call) -> Answer:
    """Make one."""
    body = await call.json(read.BODIES[noun.kind])
    command = read.make_taxon(noun.kind, body, call.principal)
    return await call.submit(command, write.made(call.principal, call.request_id))


def _operations(noun: Noun) -> tuple[Operation, Operation]:
    path, words = f"/api/v1/pim/{noun.path}", noun.path.replace("-", " ")
    order = "newest first" if noun.newest else "sorted by name"
    return (
        Operation(
            method="GET", path=path, operation_id=f"list{noun.many}", summary=f"List {words}",
            handler=partial(list_taxa, noun), tag="Catalogue",
            parameters=(*HEADERS, *parameters(SHOWN)),
            responses={200: Response(f"The {words}, {order}", noun.shapes), **ERRORS},
        ),
        Operation(
            method="POST", path=path, operation_id=f"make{noun.one}", tag="Catalogue",
            summary=f"Make one of the {words}", handler=partial(make_taxon, noun), access=WRITERS,
            parameters=HEADERS, body=noun.body,
            responses={201: Response("What was made", noun.shape), **BODY_ERRORS},
        ),
    )  # fmt: skip


OPERATIONS = tuple(operation for noun in NOUNS for operation in _operations(noun))
