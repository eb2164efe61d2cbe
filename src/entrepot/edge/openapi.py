"""The OpenAPI 3.1 document of a dialect, made from its path table and its wire types.

Nothing is written here that a table or a type says already; this module knows no dialect's words.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from entrepot.edge.access import Credentials, Scoped
from entrepot.edge.dialect import Dialect, Operation, Parameter, Response
from entrepot.edge.dialects import ALL
from entrepot.edge.examples import EXAMPLES

Schema = dict[str, Any]

JSON = "application/json"
_REF = "#/components/schemas/{name}"
_HEADERS: Mapping[str, str] = {
    "Allow": "The methods that this address takes",
    "Idempotent-Replayed": "`true` when this is the stored answer of an earlier, equal request",
    "ETag": "The version of what is answered, for If-Match and If-None-Match",
    "Warning": "Names what was told or asked for and changes nothing, if anything",
    "Retry-After": "Seconds to wait before retrying",
    "X-Request-Id": "Finds this request in the server's log; the sender's own id, if it sent one",
}
_MAY_WAIT = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_REPLAYED = "Idempotent-Replayed"
# Refusals that come with what was decided, and are stored with the request's key.
_STORED = frozenset({
    HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT,
})  # fmt: skip


def document(name: str) -> dict[str, Any]:
    """The document of the dialect of that name. Raises KeyError where there is none."""
    return build({dialect.name: dialect for dialect in ALL}[name])


def build(dialect: Dialect) -> dict[str, Any]:
    """The dialect's OpenAPI 3.1.0 document, as plain JSON values."""
    types = [found for operation in dialect.operations for found in _types(operation)]
    schemas, components = _schemas(types)
    each = iter(schemas)
    paths: dict[str, Any] = {}
    headers: set[str] = set()
    for operation in dialect.operations:
        described = _operation(dialect, operation, each, headers)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": dialect.title,
            "version": dialect.version,
            "description": dialect.description,
        },
        "servers": [{"url": "/"}],
        "security": _security(dialect),
        "tags": [{"name": tag} for tag in dict.fromkeys(o.tag for o in dialect.operations)],
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": {name: _header(name) for name in sorted(headers)},
            "securitySchemes": dict(dialect.security_schemes),
        },
    }


def _types(operation: Operation) -> Iterator[Any]:
    """The types that need a schema, in the order in which `_operation` takes the schemas."""
    if operation.body is not None:
        yield operation.body
    for _, response in _responses(operation):
        if response.type is not None:
            yield response.type


def _responses(operation: Operation) -> list[tuple[int, Response]]:
    """The operation's answers by their status; also that to a request for a version of what has
    none.
    """
    found = dict(operation.responses)
    if operation.has_no_version():
        failed = found[HTTPStatus.INTERNAL_SERVER_ERROR]
        said = "`If-Match` names a version, and this has none"
        found.setdefault(HTTPStatus.PRECONDITION_FAILED, failed._replace(description=said))
    return sorted(found.items())


def _operation(
    dialect: Dialect, operation: Operation, schemas: Iterator[Schema], headers: set[str]
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "tags": [operation.tag],
    }
    if operation.description:
        described["description"] = operation.description
    if operation.parameters:
        described["parameters"] = [_parameter(one) for one in operation.parameters]
    if operation.body is not None:
        media = {"schema": next(schemas)}
        examples = EXAMPLES.get((dialect.name, operation.operation_id), {})
        if examples:
            media["examples"] = {
                name.replace(" ", "-"): {"summary": name, "value": value}
                for name, value in examples.items()
            }
        needed = not operation.body_optional
        described["requestBody"] = {"required": needed, "content": {JSON: media}}
    keyed = any(_REPLAYED in response.headers for response in operation.responses.values())
    described["responses"] = {
        str(status): _response(status, response, schemas, headers, keyed=keyed)
        for status, response in _responses(operation)
    }
    described["security"] = (
        _security(dialect) if isinstance(operation.access, Credentials | Scoped) else []
    )
    return described


def _security(dialect: Dialect) -> list[dict[str, list[str]]]:
    """Every scheme is needed; a dialect whose credentials are parameters declares none."""
    schemes = dialect.security_schemes
    return [{name: [] for name in schemes}] if schemes else []


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {"name": parameter.name, "in": parameter.where}
    if parameter.description:
        described["description"] = parameter.description
    return {**described, "required": parameter.required, "schema": parameter.schema}


def _response(
    status: int, response: Response, schemas: Iterator[Schema], headers: set[str], *, keyed: bool
) -> dict[str, Any]:
    """`keyed`: whether the operation gives an answer that was stored under a key once more."""
    stored = (_REPLAYED,) if keyed and status in _STORED else ()
    names = dict.fromkeys((*response.headers, *stored, "X-Request-Id"))
    if status in _MAY_WAIT:
        names = dict.fromkeys(("Retry-After", *names))
    headers.update(names)
    described: dict[str, Any] = {
        "description": response.description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if response.type is not None:
        described["content"] = {response.media: {"schema": next(schemas)}}
    return described


def _header(name: str) -> dict[str, Any]:
    described: dict[str, Any] = {"schema": {"type": "string"}}
    return {"description": _HEADERS[name], **described} if name in _HEADERS else described


def _schemas(types: Iterable[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """A schema for each type, in order, and the named schemas to which they refer."""
    unions = [_alternatives(one) for one in types]
    flat = [one for union in unions for one in union]
    made, components = msgspec.json.schema_components(flat, ref_template=_REF)
    each = iter(made)
    schemas: list[Schema] = []
    for union in unions:
        parts = [_tidy(next(each)) for _ in union]
        schemas.append(parts[0] if len(parts) == 1 else {"anyOf": parts})
    return schemas, {name: _named(name, schema) for name, schema in sorted(components.items())}


def _alternatives(one: Any) -> tuple[Any, ...]:
    # msgspec makes no schema of a union of untagged structs, which a dialect tells apart itself.
    return get_args(one) if get_origin(one) in (Union, UnionType) else (one,)


def _named(name: str, schema: Schema) -> Schema:
    """A component. Two types of one name are told apart in their titles as in their names."""
    schema = {**_tidy(schema), "title": name}
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"])
    return schema


def _tidy(schema: Schema) -> Schema:
    """The same schema without what says nothing, and with the type of its words."""
    found = dict(schema)
    if found.get("type") == "array" and "prefixItems" not in found:
        # Makers of clients take no array whose entries nothing is said of.
        found.setdefault("items", {})
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _tidy(found[key])
    for key in ("anyOf", "prefixItems"):
        if key in found:
            found[key] = [_tidy(one) for one in found[key]]
    if "properties" in found:
        found["properties"] = {name: _tidy(one) for name, one in found["properties"].items()}
    if found.get("required") == []:
        del found["required"]
    if "default" in found and found["default"] is None:
        del found["default"]
    words = found.get("enum", [])
    if words and "type" not in found and all(isinstance(word, str) for word in words):
        found["type"] = "string"
    return found
