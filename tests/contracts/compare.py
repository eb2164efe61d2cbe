"""Sets one of our OpenAPI documents beside a table of facts and names every fact that differs.

Our document may say more: further operations, statuses, optional request members and answer
members. It may not say less or other: no missing member, changed type (an integer is no number),
narrower words, null where the source has none, further demand on a request, weaker promise.

Lengths, patterns and bounds of our own are limits of a server, not facts of a contract, and are
not compared; nor are servers, texts and examples.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from . import Contract, Operation, Response, Shape, Spot
from .variants import Schema, resolve, variants


def differences(document: dict[str, Any], contract: Contract) -> list[str]:
    """Name every fact of the contract that the OpenAPI document lacks or says otherwise.

    The document is OpenAPI 3.0 or 3.1 as parsed JSON. The list is empty when all facts hold.
    A reference that leads nowhere raises `ValueError`.
    """
    lines = list(_scheme_lines(document, contract))
    for operation in contract.operations:
        lines.extend(_operation_lines(document, contract, operation))
    return list(dict.fromkeys(lines))


def _shape_lines(document: Schema, schema: Schema, shape: Shape, spot: Spot) -> list[str]:
    spot = replace(spot, source=shape.source or spot.source)
    found = variants(document, schema)
    lines = []
    if shape.nullable is True and not found.nullable:
        lines.append(spot.line("is not nullable"))
    if shape.nullable is False and found.nullable and any(map(_type_of, found.schemas)):
        lines.append(spot.line("is nullable, which the source does not say"))
    if not found.schemas:
        return [*lines, spot.line(f"is never {shape.type}")]
    each = [_variant_lines(document, one, shape, spot) for one in found.schemas]
    if spot.side == "request":
        # A sender needs one alternative that takes its request; a reader may meet any of them.
        return lines + min(each, key=len)
    return lines + [line for alternative in each for line in alternative]


def _type_of(schema: Schema) -> str | None:
    if "type" in schema:
        return str(schema["type"])
    if "properties" in schema:
        return "object"
    if "items" in schema:
        return "array"
    words = schema.get("enum")
    return "string" if words and all(isinstance(word, str) for word in words) else None


def _variant_lines(document: Schema, schema: Schema, shape: Shape, spot: Spot) -> list[str]:
    said = _type_of(schema)
    if said != shape.type:
        return [spot.line(f"has type {said}, not {shape.type}")]
    lines = [*_word_lines(schema, shape, spot), *_value_lines(schema, shape, spot)]
    if shape.type == "array":
        lines.extend(_array_lines(document, schema, shape, spot))
    if shape.type == "object":
        lines.extend(_object_lines(document, schema, shape, spot))
    return lines


def _word_lines(schema: Schema, shape: Shape, spot: Spot) -> Iterator[str]:
    words = schema.get("enum")
    for word in (*shape.enum, *shape.shown):
        if words is not None and word not in words:
            yield spot.line(f"lacks enum word {word}")
    if shape.enum and words is None:
        yield spot.line(f"lacks enum {', '.join(shape.enum)}")
    if words is None:
        return
    if shape.enum and spot.side == "answer":
        for word in words:
            if word not in shape.enum:
                yield spot.line(f"adds enum word {word}")
    if not shape.enum and not shape.shown and spot.side == "request":
        yield spot.line("demands an enum, where the source has none")


def _value_lines(schema: Schema, shape: Shape, spot: Spot) -> Iterator[str]:
    said = schema.get("format")
    if shape.format is not None and said != shape.format:
        yield spot.line(f"has format {said}, not {shape.format}")
    if shape.format is None and said and shape.type == "string" and spot.side == "request":
        yield spot.line(f"demands format {said}, where the source has none")
    if shape.default is not None and schema.get("default") != shape.default:
        yield spot.line(f"has default {schema.get('default')}, not {shape.default}")
    if shape.maximum is not None and schema.get("maximum") != shape.maximum:
        yield spot.line(f"has maximum {schema.get('maximum')}, not {shape.maximum}")


def _array_lines(document: Schema, schema: Schema, shape: Shape, spot: Spot) -> Iterator[str]:
    least = schema.get("minItems", 0)
    if shape.min_items is not None and least != shape.min_items:
        yield spot.line(f"has minItems {least}, not {shape.min_items}")
    if shape.items is not None:
        yield from _shape_lines(document, schema.get("items", {}), shape.items, spot.at("[]"))


def _object_lines(document: Schema, schema: Schema, shape: Shape, spot: Spot) -> Iterator[str]:
    rest = schema.get("additionalProperties", True)
    if shape.values is not None:
        values = rest if isinstance(rest, Mapping) else {}
        yield from _shape_lines(document, values, shape.values, spot.at(".*"))
    if shape.free:
        if rest not in (True, {}):
            yield spot.line("restricts members that the source leaves free")
        for name in schema.get("required", ()):
            yield spot.at(f".{name}").line("is required of an object that the source leaves free")
    if shape.members is None:
        return
    properties = schema.get("properties", {})
    for name, member in shape.members.items():
        inner = spot.at(f".{name}")
        if name in properties:
            yield from _shape_lines(document, properties[name], member, inner)
        else:
            yield replace(inner, source=member.source or spot.source).line("is missing")
    yield from _required_lines(schema, shape, spot)
    if rest is False and spot.side == "request":
        yield spot.line("refuses further members, which the source does not")


def _required_lines(schema: Schema, shape: Shape, spot: Spot) -> Iterator[str]:
    demanded = schema.get("required", ())
    for name in shape.required:
        if name not in demanded:
            yield spot.at(f".{name}").line("is not required")
    if spot.side == "answer":
        return
    for name in demanded:
        if name not in shape.required and name not in shape.unsaid:
            yield spot.at(f".{name}").line("is required, which the source does not say")


def _scheme_lines(document: Schema, contract: Contract) -> Iterator[str]:
    declared = document.get("components", {}).get("securitySchemes", {})
    for scheme in contract.schemes:
        spot = Spot(f"{contract.dialect} security scheme {scheme.name}", "request", scheme.source)
        if scheme.name not in declared:
            yield spot.line("is missing")
            continue
        said = resolve(document, declared[scheme.name])
        for key, fact in (("type", "apiKey"), ("in", scheme.place), ("name", scheme.key)):
            if said.get(key) != fact:
                yield spot.line(f"has {key} {said.get(key)}, not {fact}")


def _operation_lines(document: Schema, contract: Contract, operation: Operation) -> Iterator[str]:
    spot = Spot(
        f"{contract.dialect} {operation.method} {operation.path}:", "request", operation.source
    )
    item = resolve(document, document.get("paths", {}).get(operation.path, {}))
    said = item.get(operation.method.lower())
    if said is None:
        yield spot.line("operation is missing")
        return
    named = said.get("operationId")
    if operation.operation_id is not None and named != operation.operation_id:
        yield spot.line(f"operationId is {named}, not {operation.operation_id}")
    needs = said.get("security", document.get("security", []))
    carried = _carried_headers(document, needs)
    yield from _security_lines(operation, needs, carried, spot)
    given = _parameters(document, [*item.get("parameters", ()), *said.get("parameters", ())])
    yield from _parameter_lines(document, operation, given, carried, spot)
    keys = {scheme.key.lower() for scheme in contract.schemes}
    yield from _further_parameter_lines(operation, given, keys, spot)
    yield from _body_lines(document, operation, said, spot)
    for response in operation.responses:
        yield from _response_lines(document, response, said.get("responses", {}), spot)


def _carried_headers(document: Schema, needs: list[Schema]) -> list[set[str]]:
    """Give, for each alternative of a security requirement, the headers that its schemes carry."""
    declared = document.get("components", {}).get("securitySchemes", {})
    return [{_header_of(document, declared.get(name, {})) for name in one} for one in needs]


def _header_of(document: Schema, scheme: Schema) -> str:
    said = resolve(document, scheme)
    if said.get("type") == "apiKey" and said.get("in") == "header":
        return str(said.get("name", "")).lower()
    return "authorization" if said.get("type") in ("http", "oauth2", "openIdConnect") else ""


def _security_lines(
    operation: Operation, needs: list[Schema], carried: list[set[str]], spot: Spot
) -> Iterator[str]:
    if operation.security:
        if set(operation.security) not in [set(one) for one in needs]:
            yield spot.line(f"security lacks {' with '.join(operation.security)}")
        if any(not one for one in needs):
            yield spot.line("security may be left out")
        return
    headers = {one.name.lower() for one in operation.parameters if one.place == "header"}
    if carried and not any(one <= headers for one in carried):
        yield spot.line("security demands what the source does not")


def _parameters(document: Schema, given: list[Schema]) -> dict[tuple[str, str], Schema]:
    found = {}
    for one in given:
        parameter = resolve(document, one)
        found[_key(parameter.get("in", ""), parameter.get("name", ""))] = parameter
    return found


def _key(place: str, name: str) -> tuple[str, str]:
    return place, name.lower() if place == "header" else name


def _parameter_lines(
    document: Schema,
    operation: Operation,
    given: Mapping[tuple[str, str], Schema],
    carried: list[set[str]],
    spot: Spot,
) -> Iterator[str]:
    for fact in operation.parameters:
        where = replace(spot, part=f"{spot.part} {fact.place} parameter {fact.name}")
        said = given.get(_key(fact.place, fact.name))
        if said is None:
            by_scheme = carried and all(fact.name.lower() in one for one in carried)
            if not (fact.scheme_may_carry and by_scheme):
                yield where.line("is missing")
            continue
        if bool(said.get("required", False)) != fact.required:
            yield where.line(f"has required {said.get('required')}, not {fact.required}")
        yield from _shape_lines(document, said.get("schema", {}), fact.shape, where)


def _further_parameter_lines(
    operation: Operation, given: Mapping[tuple[str, str], Schema], known: set[str], spot: Spot
) -> Iterator[str]:
    stated = {_key(fact.place, fact.name) for fact in operation.parameters}
    for key, said in given.items():
        by_scheme = key[0] == "header" and key[1] in known
        if said.get("required") and key not in stated and not by_scheme:
            yield spot.line(f"further {key[0]} parameter {said.get('name')} is required")


def _body_lines(document: Schema, operation: Operation, said: Schema, spot: Spot) -> Iterator[str]:
    body = resolve(document, said.get("requestBody", {}))
    where = replace(spot, part=f"{spot.part} request body")
    if operation.body is None:
        if body.get("required"):
            yield where.line("is required, which the source does not say")
        return
    schema = _json_schema(body)
    if schema is None:
        yield where.line("is missing as application/json")
        return
    fact = operation.body
    if fact.required is not None and bool(body.get("required", False)) != fact.required:
        yield where.line(f"has required {body.get('required')}, not {fact.required}")
    yield from _shape_lines(document, schema, fact.shape, where)


def _response_lines(
    document: Schema, fact: Response, given: Mapping[str, Schema], spot: Spot
) -> Iterator[str]:
    part = f"{spot.part} response {fact.status}"
    where = Spot(part, "answer", fact.source or spot.source)
    if str(fact.status) not in given:
        yield where.line("is missing")
        return
    said = resolve(document, given[str(fact.status)])
    headers = {name.lower(): value for name, value in said.get("headers", {}).items()}
    for header in fact.headers:
        if header.name.lower() not in headers:
            yield where.line(f"lacks header {header.name}")
            continue
        schema = resolve(document, headers[header.name.lower()]).get("schema", {})
        at_header = replace(where, part=f"{part} header {header.name}")
        yield from _shape_lines(document, schema, header.shape, at_header)
    schema = _json_schema(said)
    if schema is None:
        yield where.line("lacks a body of application/json")
        return
    yield from _shape_lines(document, schema, fact.shape, replace(where, part=f"{part} body"))


def _json_schema(carrier: Schema) -> Schema | None:
    media: Schema | None = carrier.get("content", {}).get("application/json")
    return None if media is None else media.get("schema", {})
