"""JSON Schemas as nested HTML tables: a row for each member, the members of an object below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from entrepot.core.naming import SEEN, SEEN_OR_EMPTY

Schema = Mapping[str, Any]

# Patterns of which a reader wants the meaning.
_IN_WORDS = {
    SEEN: "not blanks alone",
    SEEN_OR_EMPTY: "empty, or not blanks alone",
}
_BOUNDS = (
    ("minLength", "maxLength", " characters"),
    ("minimum", "maximum", ""),
    ("minItems", "maxItems", " entries"),
)


def prose(text: str, element: str = "p") -> str:
    """Escaped text, in a paragraph unless told; what stands in backticks is code."""
    if not text:
        return ""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return f"<{element}>{marked}</{element}>"


class SchemaTables:
    """Draws schemas that refer to the named schemas of one document.

    Tables of requests mark the required members. Tables of answers mark members that may be absent.
    """

    def __init__(self, named: Mapping[str, Schema], *, sent: bool) -> None:
        self._named = named
        self._sent = sent

    def body(self, schema: Schema) -> str:
        """A whole body: what it is, and the table of its members."""
        alternatives = schema.get("anyOf", ())
        if len(alternatives) > 1:
            drawn = "".join(f"<li>{self.body(one)}</li>" for one in alternatives)
            return f'<p>One of these:</p><ol class="alternatives">{drawn}</ol>'
        facts = "; ".join((self._type(schema), *_limits(schema)))
        parts = [f'<p class="type">{facts}</p>']
        parts += [self._object(one, ()) for one in self._objects(schema)]
        return "".join(parts)

    def row(
        self,
        name: str,
        schema: Schema,
        *,
        required: bool,
        beside: str = "",
        above: tuple[str, ...] = (),
    ) -> str:
        """The row of a member. `above` names the schemas around the member, which are not drawn
        again.
        """
        need = ""
        if required is self._sent:
            need = f' <span class="need">{"required" if required else "may be absent"}</span>'
        notes = "".join(f"<p>{note}</p>" for note in _notes(schema))
        facts = "; ".join((self._type(schema), *_facts(schema)))
        drawn = (
            f'<tr><th scope="row"><code>{escape(name)}</code>{beside}{need}</th>'
            f'<td><span class="type">{facts}</span>{notes}</td></tr>'
        )
        for one in self._objects(schema):
            title = str(one.get("title", ""))
            if title and title in above:
                continue
            shown = f" of {escape(title)}" if title else ""
            drawn += (
                f'<tr class="nested"><td colspan="2"><details open><summary>Members{shown}'
                f"</summary>{self._object(one, above)}</details></td></tr>"
            )
        return drawn

    def _object(self, schema: Schema, above: tuple[str, ...]) -> str:
        inside = (*above, str(schema.get("title", "")))
        needed = schema.get("required", ())
        rows = "".join(
            self.row(name, one, required=name in needed, above=inside)
            for name, one in schema["properties"].items()
        )
        return f'{prose(schema.get("description", ""))}<table class="fields">{rows}</table>'

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._named[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _objects(self, schema: Schema) -> Iterator[Schema]:
        """The objects with known members that a value can be, hold in a list or in a map."""
        schema = self._resolved(schema)
        if "properties" in schema:
            yield schema
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), Mapping):
                yield from self._objects(schema[key])
        for one in schema.get("anyOf", ()):
            yield from self._objects(one)

    def _type(self, schema: Schema) -> str:
        """The type in words, escaped."""
        if "$ref" in schema:
            return escape(schema["$ref"].rsplit("/", 1)[1])
        if "anyOf" in schema:
            return " or ".join(self._type(one) for one in schema["anyOf"])
        types = schema.get("type", "any value")
        words = types if isinstance(types, list) else [types]
        if "array" in words and "items" in schema:
            return f"array of {self._type(schema['items'])}"
        if isinstance(schema.get("additionalProperties"), Mapping):
            values = schema["additionalProperties"]
            return f"object of {self._type(values)}" if values else "object"
        shown = escape(" or ".join(words))
        return f"{shown} ({escape(schema['format'])})" if "format" in schema else shown


def _facts(schema: Schema) -> Iterator[str]:
    """The bounds and the default, escaped."""
    for one in _alternatives(schema):
        yield from _limits(one)
    if schema.get("default") not in (None, []):
        yield f"default <code>{escape(str(schema['default']))}</code>"


def _notes(schema: Schema) -> Iterator[str]:
    """The description and the words that are taken, escaped."""
    found = list(_alternatives(schema))
    told = [one["description"] for one in (schema, *found) if one.get("description")]
    for text in dict.fromkeys(told):
        yield prose(text, "span")
    for one in found:
        if "enum" in one:
            words = " ".join(f"<code>{escape(str(word))}</code>" for word in one["enum"])
            yield f"{'One of' if len(one['enum']) > 1 else 'Only'} {words}"


def _alternatives(schema: Schema) -> Iterator[Schema]:
    """The schema, or each one of its union, and what stands in their lists."""
    for one in schema.get("anyOf", (schema,)):
        yield one
        if isinstance(one.get("items"), Mapping) and "$ref" not in one["items"]:
            yield one["items"]


def _limits(schema: Schema) -> Iterator[str]:
    for least, most, unit in _BOUNDS:
        low, high = schema.get(least), schema.get(most)
        if low is not None and low == high:
            yield f"exactly {low:,}{unit}"
        elif low is not None and high is not None:
            yield f"{low:,} to {high:,}{unit}"
        elif low is not None:
            yield f"{low:,}{unit} or more"
        elif high is not None:
            yield f"at most {high:,}{unit}"
    if schema.get("multipleOf") == 1:
        yield "a whole number"
    if (pattern := schema.get("pattern")) in _IN_WORDS:
        yield _IN_WORDS[pattern]
    elif pattern is not None:
        yield f"matches <code>{escape(pattern)}</code>"
