"""A schema of an OpenAPI document as its alternatives, without references and combinators."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_UNIONS = ("anyOf", "oneOf")
_COMBINATORS = ("allOf", *_UNIONS, "$ref", "nullable")

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Variants:
    """A schema without references and combinators: its non-null alternatives, and null itself."""

    schemas: tuple[Schema, ...]
    nullable: bool


def resolve(document: Schema, node: Schema) -> Schema:
    seen: set[str] = set()
    while "$ref" in node:
        reference = node["$ref"]
        if reference in seen or not reference.startswith("#/"):
            raise ValueError(f"reference {reference} leads nowhere")
        seen.add(reference)
        target: Any = document
        for step in reference[2:].split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or key not in target:
                raise ValueError(f"reference {reference} leads nowhere")
            target = target[key]
        # 3.1 lets keywords stand beside a reference; they hold together with its target.
        beside = {key: value for key, value in node.items() if key != "$ref"}
        node = {**beside, "allOf": [target, *beside.get("allOf", [])]} if beside else target
    return node


def variants(document: Schema, schema: Schema) -> Variants:
    schema = resolve(document, schema)
    own = {key: value for key, value in schema.items() if key not in _COMBINATORS}
    found = _own_variants(own)
    for part in schema.get("allOf", ()):
        found = _both(found, variants(document, part))
    for union in _UNIONS:
        if union in schema:
            branches = [variants(document, branch) for branch in schema[union]]
            every = tuple(one for branch in branches for one in branch.schemas)
            found = _both(found, Variants(every, any(one.nullable for one in branches)))
    if schema.get("nullable") is True and None in schema.get("enum", [None]):
        return Variants(found.schemas, nullable=True)
    return found


def _own_variants(own: Schema) -> Variants:
    if "const" in own:
        own = {**{key: own[key] for key in own if key != "const"}, "enum": [own["const"]]}
    words = own.get("enum")
    said = own.get("type")
    if said is None:
        constrained = "properties" in own or "items" in own
        nullable = None in words if words is not None else not constrained
    else:
        nullable = said == "null" or "null" in said
        nullable = nullable and (words is None or None in words)
    if words is not None:
        own = {**own, "enum": [word for word in words if word is not None]}
    if said is None:
        return Variants((own,), nullable)
    types = [one for one in ([said] if isinstance(said, str) else said) if one != "null"]
    return Variants(tuple({**own, "type": one} for one in types), nullable)


def _both(left: Variants, right: Variants) -> Variants:
    merged = (_merge(a, b) for a in left.schemas for b in right.schemas)
    kept = tuple(one for one in merged if one is not None)
    return Variants(kept, left.nullable and right.nullable)


def _both_schemas(left: object, right: object) -> Schema | bool:
    if left is False or right is False:
        return False
    return {"allOf": [one for one in (left, right) if isinstance(one, Mapping)]}


_MERGERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "required": lambda a, b: [*a, *(name for name in b if name not in a)],
    "enum": lambda a, b: [word for word in a if word in b],
    "items": _both_schemas,
    "additionalProperties": _both_schemas,
    "properties": lambda a, b: {
        **a,
        **{name: _both_schemas(a[name], b[name]) if name in a else b[name] for name in b},
    },
    "minItems": max,
    "minimum": max,
    "maxItems": min,
    "maximum": min,
}


def _merge(left: Schema, right: Schema) -> Schema | None:
    """Give the schema that holds both, or None when their types exclude each other."""
    merged = {**left, **right}
    for key in left.keys() & right.keys() & _MERGERS.keys():
        merged[key] = _MERGERS[key](left[key], right[key])
    types = {one["type"] for one in (left, right) if "type" in one}
    if types == {"integer", "number"}:
        merged["type"] = "integer"
    elif len(types) > 1:
        return None
    return merged
