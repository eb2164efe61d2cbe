"""A document built from a table of facts, and every way to break one of its facts.

The document says what the table says and nothing more. The mutations are drawn from the table
too, each with the words by which a report must name it; this module compares nothing.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from . import (
    Contract,
    Operation,
    Parameter,
    Response,
    Shape,
    Spot,
)

Json = dict[str, Any]
Break = Callable[[Any], object]
Step = str | int
JSON_SCHEMA = ("content", "application/json", "schema")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One fact broken: its kind, how to reach and break it, and what the report must name."""

    kind: str
    action: str
    steps: tuple[Step, ...]
    apply: Break
    named: str


Breaker = Callable[[str, str, Break], Mutation]


# ------------------------------------------------------------------ a document from a table


def schema_of(shape: Shape) -> Json:
    schema: Json = {"type": [shape.type, "null"] if shape.nullable else shape.type}
    if shape.format:
        schema["format"] = shape.format
    if shape.enum:
        schema["enum"] = list(shape.enum)
    if shape.default is not None:
        schema["default"] = shape.default
    if shape.maximum is not None:
        schema["maximum"] = shape.maximum
    if shape.members is not None:
        schema["properties"] = {name: schema_of(one) for name, one in shape.members.items()}
        schema["required"] = list(shape.required)
    if shape.items is not None:
        schema["items"] = schema_of(shape.items)
    if shape.min_items:
        schema["minItems"] = shape.min_items
    if shape.values is not None:
        schema["additionalProperties"] = schema_of(shape.values)
    return schema


def content_of(shape: Shape) -> Json:
    return {"application/json": {"schema": schema_of(shape)}}


def parameter_of(fact: Parameter) -> Json:
    return {
        "name": fact.name,
        "in": fact.place,
        "required": fact.required,
        "schema": schema_of(fact.shape),
    }


def response_of(fact: Response) -> Json:
    headers = {one.name: {"schema": schema_of(one.shape)} for one in fact.headers}
    return {"description": "", "headers": headers, "content": content_of(fact.shape)}


def operation_of(fact: Operation) -> Json:
    said: Json = {
        "parameters": [parameter_of(one) for one in fact.parameters],
        "responses": {str(one.status): response_of(one) for one in fact.responses},
        "security": [{name: [] for name in fact.security}] if fact.security else [],
    }
    if fact.operation_id:
        said["operationId"] = fact.operation_id
    if fact.body:
        said["requestBody"] = {
            "required": bool(fact.body.required),
            "content": content_of(fact.body.shape),
        }
    return said


def document_of(contract: Contract) -> Json:
    paths: Json = {}
    for fact in contract.operations:
        paths.setdefault(fact.path, {})[fact.method.lower()] = operation_of(fact)
    schemes = {
        one.name: {"type": "apiKey", "in": one.place, "name": one.key} for one in contract.schemes
    }
    return {"openapi": "3.1.0", "paths": paths, "components": {"securitySchemes": schemes}}


# ------------------------------------------------------------------ every fact, broken in turn


def setting(key: str, value: object) -> Break:
    def apply(node: Json) -> None:
        node[key] = value

    return apply


def dropping(key: str) -> Break:
    def apply(node: Json) -> None:
        del node[key]

    return apply


def listing(key: str, *, add: str = "", drop: str = "") -> Break:
    def apply(node: Json) -> None:
        node[key] = [one for one in node.get(key, []) if one != drop] + ([add] if add else [])

    return apply


def renaming_media(node: Json) -> None:
    node["content"] = {"text/plain": node["content"]["application/json"]}


def shape_mutations(shape: Shape, steps: tuple[Step, ...], spot: Spot) -> Iterator[Mutation]:
    def broken(kind: str, action: str, apply: Break) -> Mutation:
        return Mutation(kind, action, steps, apply, f"{spot.part} {spot.path}".strip())

    spot = replace(spot, source=shape.source or spot.source)
    wrong = {"number": "integer", "integer": "number", "string": "integer", "array": "object"}
    kept = ["null"] if shape.nullable else []
    yield broken("type", "altered", setting("type", [wrong.get(shape.type, "string"), *kept]))
    if shape.nullable is not None:
        turned = shape.type if shape.nullable else [shape.type, "null"]
        nulls = {"enum": [*shape.enum, None]} if shape.enum else {}
        yield broken("nullable", "turned", lambda node: node.update(type=turned, **nulls))
    stated = {"format": shape.format, "default": shape.default, "maximum": shape.maximum}
    for key in (key for key, value in stated.items() if value is not None):
        yield broken(key, "dropped", dropping(key))
        yield broken(key, "altered", setting(key, "other"))
    if shape.min_items is not None:
        yield broken("min_items", "raised", setting("minItems", shape.min_items + 1))
    if shape.min_items:
        yield broken("min_items", "dropped", dropping("minItems"))
    if shape.items is not None:
        yield broken("items", "dropped", dropping("items"))
        yield from shape_mutations(shape.items, (*steps, "items"), spot.at("[]"))
    if shape.type == "string":
        yield from word_mutations(shape, broken, request=spot.side == "request")
    if shape.type == "object":
        yield from object_mutations(shape, broken, request=spot.side == "request")
        yield from member_mutations(shape, steps, spot)


def word_mutations(shape: Shape, broken: Breaker, *, request: bool) -> Iterator[Mutation]:
    if shape.enum:
        yield broken("enum", "dropped", dropping("enum"))
    if shape.enum and not request:
        yield broken("enum", "widened", listing("enum", add="NEW"))
    for word in shape.enum:
        yield broken("enum", f"without {word}", listing("enum", drop=word))
    for word in shape.shown:
        yield broken("shown", f"without {word}", setting("enum", ["OTHER"]))
    if request and not shape.enum and not shape.shown:
        yield broken("enum", "invented", setting("enum", ["ONLY"]))
    if request and not shape.format:
        yield broken("format", "invented", setting("format", "uri"))


def object_mutations(shape: Shape, broken: Breaker, *, request: bool) -> Iterator[Mutation]:
    further = listing("required", add="further")
    closed = setting("additionalProperties", value=False)
    if request and shape.members is not None:
        yield broken("required", "demands another", further)
        yield broken("members", "closed", closed)
    if shape.free:
        yield broken("free", "closed", closed)
        yield broken("free", "typed", setting("additionalProperties", {"type": "string"}))
        yield broken("free", "demands another", further)
    if shape.values is not None:
        yield broken("values", "dropped", dropping("additionalProperties"))


def member_mutations(shape: Shape, steps: tuple[Step, ...], spot: Spot) -> Iterator[Mutation]:
    inner = (*steps, "properties")
    for name, one in (shape.members or {}).items():
        at = spot.at(f".{name}")
        named = f"{at.part} {at.path} "
        yield Mutation("members", f"without {name}", inner, dropping(name), named)
        if name in shape.required:
            freed = listing("required", drop=name)
            yield Mutation("required", f"frees {name}", steps, freed, named)
        elif spot.side == "request" and name not in shape.unsaid:
            demanded = listing("required", add=name)
            yield Mutation("required", f"demands {name}", steps, demanded, named)
        yield from shape_mutations(one, (*inner, name), at)
    if shape.values is not None:
        yield from shape_mutations(shape.values, (*steps, "additionalProperties"), spot.at(".*"))


def operation_mutations(contract: Contract, fact: Operation) -> Iterator[Mutation]:
    label = f"{contract.dialect} {fact.method} {fact.path}:"
    steps: tuple[Step, ...] = ("paths", fact.path, fact.method.lower())
    spot = Spot(label, "request", fact.source)
    missing = f"{label} operation is missing"
    yield Mutation("method", "dropped", steps[:2], dropping(fact.method.lower()), missing)
    yield Mutation("path", "dropped", steps[:1], dropping(fact.path), missing)
    if fact.operation_id:
        named = f"{label} operationId"
        yield Mutation("operation_id", "dropped", steps, dropping("operationId"), named)
        yield Mutation("operation_id", "altered", steps, setting("operationId", "no"), named)
    needs: list[object] = [[{"other": []}]]
    needs += [[], [*({name: []} for name in fact.security), {}]] if fact.security else []
    for value in needs:
        named = f"{label} security"
        yield Mutation("security", f"{value}", steps, setting("security", value), named)
    for index, parameter in enumerate(fact.parameters):
        yield from parameter_mutations(parameter, index, steps, spot)
    extra = {"name": "further", "in": "query", "required": True, "schema": {"type": "string"}}
    yield Mutation(
        "parameters",
        "another is required",
        steps,
        lambda node: node["parameters"].append(extra),
        f"{label} further query parameter further",
    )
    yield from body_mutations(fact, steps, spot)
    for response in fact.responses:
        yield from response_mutations(response, (*steps, "responses"), spot)


def parameter_mutations(
    fact: Parameter, index: int, operation: tuple[Step, ...], spot: Spot
) -> Iterator[Mutation]:
    steps = (*operation, "parameters", index)
    at = replace(spot, part=f"{spot.part} {fact.place} parameter {fact.name}")
    without = (*operation, "parameters")
    for key, value in (("name", "Other"), ("in", "cookie"), ("required", not fact.required)):
        yield Mutation(f"parameter {key}", "altered", steps, setting(key, value), at.part)
    yield Mutation("parameters", "dropped", without, lambda node: node.pop(index), at.part)
    yield from shape_mutations(fact.shape, (*steps, "schema"), at)


def body_mutations(fact: Operation, operation: tuple[Step, ...], spot: Spot) -> Iterator[Mutation]:
    at = replace(spot, part=f"{spot.part} request body")
    demanded = setting("requestBody", {"required": True, "content": {}})
    if fact.body is None:
        yield Mutation("body", "invented", operation, demanded, at.part)
        return
    steps = (*operation, "requestBody")
    yield Mutation("body", "dropped", operation, dropping("requestBody"), at.part)
    yield Mutation("body", "of another type", steps, renaming_media, at.part)
    if fact.body.required is not None:
        turned = setting("required", not fact.body.required)
        yield Mutation("body required", "turned", steps, turned, at.part)
    yield from shape_mutations(fact.body.shape, (*steps, *JSON_SCHEMA), at)


def response_mutations(
    fact: Response, responses: tuple[Step, ...], spot: Spot
) -> Iterator[Mutation]:
    part = f"{spot.part} response {fact.status}"
    at = Spot(f"{part} body", "answer", fact.source or spot.source)
    steps = (*responses, str(fact.status))
    yield Mutation("responses", "dropped", responses, dropping(str(fact.status)), part)
    yield Mutation("response shape", "dropped", steps, dropping("content"), part)
    yield Mutation("response shape", "of another type", steps, renaming_media, part)
    yield from shape_mutations(fact.shape, (*steps, *JSON_SCHEMA), at)
    for header in fact.headers:
        inner = (*steps, "headers")
        named = f"{part} lacks header {header.name}"
        yield Mutation("headers", f"without {header.name}", inner, dropping(header.name), named)
        at_header = replace(at, part=f"{part} header {header.name}")
        yield from shape_mutations(header.shape, (*inner, header.name, "schema"), at_header)


def mutations(contract: Contract) -> Iterator[Mutation]:
    for scheme in contract.schemes:
        steps: tuple[Step, ...] = ("components", "securitySchemes")
        named = f"{contract.dialect} security scheme {scheme.name}"
        yield Mutation("schemes", "dropped", steps, dropping(scheme.name), named)
        for key in ("type", "in", "name"):
            at = (*steps, scheme.name)
            yield Mutation(f"scheme {key}", "altered", at, setting(key, "other"), named)
    for operation in contract.operations:
        yield from operation_mutations(contract, operation)


def mutated(contract: Contract, mutation: Mutation) -> Json:
    document = copy.deepcopy(document_of(contract))
    node: Any = document
    for step in mutation.steps:
        node = node[step]
    mutation.apply(node)
    return document
