"""The comparer sees every fact: a document built from a table holds it, each mutation is named.

The mutations are drawn from the tables themselves, so a fact added to a table is broken here
without another line, and a new kind of fact fails `test_every_kind_of_fact_is_broken`.
"""

from dataclasses import fields
from typing import Any

import pytest

from . import Contract, Operation, Shape, konvo, polinate, synq
from .compare import differences
from .mutations import Json, document_of, mutated, mutations

CONTRACTS = (polinate.CONTRACT, konvo.CONTRACT, synq.CONTRACT)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.dialect)
def test_document_built_from_the_table_has_no_difference(contract: Contract) -> None:
    assert differences(document_of(contract), contract) == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.dialect)
def test_every_broken_fact_is_named(contract: Contract) -> None:
    unseen = []
    for mutation in mutations(contract):
        found = differences(mutated(contract, mutation), contract)
        if not any(mutation.named in line and "seed 00" in line for line in found):
            unseen.append((mutation.kind, mutation.action, mutation.named, found))

    assert unseen == []


def test_every_kind_of_fact_is_broken() -> None:
    broken = {mutation.kind for contract in CONTRACTS for mutation in mutations(contract)}
    silent = {"source", "unsaid"}  # where a fact comes from, and what no source says

    assert {one.name for one in fields(Shape)} - silent <= broken
    stated = {one.name for one in fields(Operation)} - {"source"}
    assert stated <= broken
    assert {"headers", "schemes", "body required", "parameter required"} <= broken


@pytest.mark.parametrize(
    ("contract", "notation"),
    [
        *((polinate.CONTRACT, one) for one in ("nullable", "anyOf", "oneOf", "allOf", "$ref")),
        *((one, notation) for one in CONTRACTS[1:] for notation in ("allOf", "$ref")),
    ],
    ids=lambda one: one if isinstance(one, str) else one.dialect,
)
def test_notations_of_one_meaning_do_not_differ(contract: Contract, notation: str) -> None:
    document = document_of(contract)
    schemas: Json = {}
    renoted = renote(document["paths"], notation, schemas)

    assert differences({**document, "paths": renoted} | holding(schemas, document), contract) == []
    assert renoted != document["paths"]


def renote(node: Any, notation: str, schemas: Json) -> Any:
    """Say every schema below a node in another notation of the same meaning."""
    if isinstance(node, list):
        return [renote(one, notation, schemas) for one in node]
    if not isinstance(node, dict):
        return node
    said = {key: renote(one, notation, schemas) for key, one in node.items()}
    if "type" not in said or isinstance(said["type"], dict):
        return said
    if isinstance(said["type"], list):
        plain = {**said, "type": said["type"][0]}
        if notation == "nullable":
            return {**plain, "nullable": True}
        if notation in ("anyOf", "oneOf"):
            return {notation: [plain, {"type": "null"}]}
    if notation == "allOf":
        return {"allOf": [{"type": said["type"]}, said], "description": "said twice"}
    if notation == "$ref":
        schemas[f"S{len(schemas)}"] = said
        return {"$ref": f"#/components/schemas/S{len(schemas) - 1}", "description": "elsewhere"}
    return said


def holding(schemas: Json, document: Json) -> Json:
    return {"components": {**document["components"], "schemas": schemas}}


def notify_media(document: Json) -> Json:
    content = document["paths"]["/api/v1/orders"]["post"]["requestBody"]["content"]
    media: Json = content["application/json"]
    return media


@pytest.mark.parametrize("union", ["anyOf", "oneOf"])
def test_request_may_offer_another_body_beside_the_contracts(union: str) -> None:
    document = document_of(polinate.CONTRACT)
    media = notify_media(document)
    create = {"type": "object", "properties": {"lines": {}}, "required": ["lines"]}
    notify = media["schema"]

    media["schema"] = {union: [create, notify]}
    assert differences(document, polinate.CONTRACT) == []

    media["schema"] = {union: [create, {**notify, "required": ["orderId"]}]}
    assert differences(document, polinate.CONTRACT) == [
        "polinate POST /api/v1/orders: request body businessId is not required (seed 000)"
    ]


def test_answer_may_not_offer_another_body() -> None:
    document = document_of(konvo.CONTRACT)
    media = document["paths"]["/orders"]["post"]["responses"]["400"]["content"]["application/json"]
    media["schema"] = {"oneOf": [media["schema"], {"type": "string"}]}

    assert differences(document, konvo.CONTRACT) == [
        "konvo POST /orders: response 400 body has type string, not object (seed 003)"
    ]


def test_additions_are_no_difference() -> None:
    document = document_of(konvo.CONTRACT)
    create = document["paths"]["/orders"]["post"]
    create["responses"]["429"] = {"description": ""}
    create["parameters"].append({"name": "trace", "in": "header", "schema": {"type": "string"}})
    item = create["requestBody"]["content"]["application/json"]["schema"]["items"]
    item["properties"]["note"] = {"type": "string"}
    answer = create["responses"]["201"]["content"]["application/json"]["schema"]
    answer["properties"]["page"] = {"type": "integer"}
    answer["required"] = ["count", "result", "page"]
    document["paths"]["/contacts"] = {"get": {}}

    assert differences(document, konvo.CONTRACT) == []


def test_what_the_source_leaves_unsaid_may_stand_either_way() -> None:
    document = document_of(synq.CONTRACT)
    create = document["paths"]["/api/v1/oms/orders"]["post"]["requestBody"]["content"]
    schema = create["application/json"]["schema"]
    schema["required"].append("items")
    schema["properties"]["channel"]["type"] = ["string", "null"]

    assert differences(document, synq.CONTRACT) == []


def test_security_scheme_may_carry_the_headers_of_synq() -> None:
    document = document_of(synq.CONTRACT)
    schemes = document["components"]["securitySchemes"]
    schemes["token"] = {"type": "http", "scheme": "bearer"}
    listing_orders = document["paths"]["/api/v1/oms/orders"]["get"]
    del listing_orders["parameters"][0]

    listing_orders["security"] = [{"token": []}]
    assert differences(document, synq.CONTRACT) == []

    listing_orders["security"] = [{"token": []}, {}]
    assert differences(document, synq.CONTRACT) == [
        "synq GET /api/v1/oms/orders: header parameter Authorization is missing (seed 004)"
    ]


def test_null_outside_the_enum_is_no_null() -> None:
    document = document_of(synq.CONTRACT)
    at = document["paths"]["/api/v1/oms/orders/{orderID}"]["get"]["responses"]["200"]
    status = at["content"]["application/json"]["schema"]["properties"]["status"]
    status.update(type=["string", "null"], enum=["confirmed"])

    assert differences(document, synq.CONTRACT) == []


def test_reference_that_leads_nowhere_is_an_error() -> None:
    document = document_of(konvo.CONTRACT)
    document["paths"]["/orders"]["post"]["requestBody"] = {"$ref": "#/components/none"}

    with pytest.raises(ValueError, match="#/components/none leads nowhere"):
        differences(document, konvo.CONTRACT)


def test_type_left_out_is_read_from_the_other_keywords() -> None:
    document = document_of(konvo.CONTRACT)
    media = document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]
    order = media["schema"]["items"]
    for node in (media["schema"], order, order["properties"]["status"]):
        del node["type"]

    assert differences(document, konvo.CONTRACT) == []


def test_parts_of_all_of_hold_together() -> None:
    document = document_of(konvo.CONTRACT)
    media = document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]
    order = media["schema"]["items"]
    order["properties"]["orderTotal"] = {"allOf": [{"type": "number"}, {"type": "integer"}]}
    media["schema"]["items"] = {"allOf": [order, {"additionalProperties": True}]}
    closed = {"type": "object", "additionalProperties": False}
    order["properties"]["metadata"] = {"allOf": [{"additionalProperties": {}}, closed]}

    where = "konvo POST /orders: request body"
    assert differences(document, konvo.CONTRACT) == [
        f"{where} [].orderTotal has type integer, not number (seed 003)",
        f"{where} [].metadata restricts members that the source leaves free (seed 003)",
    ]
