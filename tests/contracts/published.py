"""An OpenAPI document of what a table of facts states, and of nothing else.

The document is the published one in machine-readable form: requests generated from it are those
that a client makes which was written for the original service.
"""

from __future__ import annotations

from typing import Any

from . import Body, Contract, Operation, Parameter, Response, Shape

# Statuses that no operation lists, although the same sources state them for every request:
# credentials (page guides/authentication, docs.konvo.dev, api/authentication), a VIEWER, an
# unknown id, a body that is too large (page api/overview) and a rate that is exceeded.
EVERYWHERE = {"401", "403", "404", "409", "413", "429"}


def document(contract: Contract) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a contract; every operation may also answer `EVERYWHERE`."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in contract.operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": contract.dialect, "version": "1"},
        "paths": paths,
    }


def _operation(operation: Operation) -> dict[str, Any]:
    answers = {str(answer.status): _answer(answer) for answer in operation.responses}
    anywhere = {status: {"description": "stated for every request"} for status in EVERYWHERE}
    anywhere["400"] = {"description": "a request that cannot be taken"}
    told: dict[str, Any] = {
        "parameters": [_parameter(one) for one in operation.parameters if not one.scheme_may_carry],
        "responses": anywhere | answers,
    }
    if operation.body is not None:
        told["requestBody"] = _body(operation.body)
    return told


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "schema": schema(parameter.shape),
    }


def _body(body: Body) -> dict[str, Any]:
    content = {"application/json": {"schema": schema(body.shape)}}
    return {"required": bool(body.required), "content": content}


def _answer(answer: Response) -> dict[str, Any]:
    headers = {one.name: {"schema": schema(one.shape)} for one in answer.headers}
    content = {"application/json": {"schema": schema(answer.shape)}}
    return {"description": str(answer.status), "headers": headers, "content": content}


def schema(shape: Shape) -> dict[str, Any]:
    """The JSON schema of a published shape."""
    # A source that says nothing of null forbids no null.
    nullable = shape.nullable is not False
    found: dict[str, Any] = {"type": [shape.type, "null"] if nullable else shape.type}
    if shape.enum:
        found["enum"] = [*shape.enum, None] if nullable else [*shape.enum]
    bounds = {
        "format": shape.format,
        "maximum": shape.maximum,
        "default": shape.default,
        "minItems": shape.min_items,
    }
    found |= {name: value for name, value in bounds.items() if value is not None}
    if shape.members is not None:
        found["properties"] = {name: schema(one) for name, one in shape.members.items()}
        found["required"] = [*shape.required]
    if shape.items is not None:
        found["items"] = schema(shape.items)
    if shape.values is not None:
        found["additionalProperties"] = schema(shape.values)
    return found
