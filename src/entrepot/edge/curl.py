"""An operation as a shell command that works when it is pasted after `demo --shell`.

A value that only the reader knows is a shell variable, named as `entrepot demo --shell` exports it.
An operation on one order takes the newest order, and one on another thing the first that is listed:
a command before it looks the thing up. Where there is no list, and for a deletion, the command
before it makes what the operation is about: nobody deletes what is in use by pasting.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from entrepot.edge import openapi

# Stands in a page for the address that the page is asked at.
SERVER: Final = "http://127.0.0.1:8080"

# By what OpenAPI calls the dialect's header, and by what the examples have in place of real ids.
VARIABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "synq": {
        "Authorization": "SYNQ_TOKEN", "X-Tenant-ID": "SYNQ_TENANT", "X-Org-ID": "SYNQ_ORG",
        "01981e6a-7c00-7000-8000-000000000001": "VARIANT",
        "01981e6a-7c00-7000-8000-000000000002": "LOCATION",
    },
    "polinate": {
        "X-Business-Id": "POLINATE_BUSINESS", "X-API-Key": "POLINATE_KEY",
        "bus_01981e6a7c0070008000000000000004": "POLINATE_BUSINESS",
        "var_01981e6a7c0070008000000000000001": "POLINATE_VARIANT",
    },
    "konvo": {"x-api-key": "KONVO_KEY"},
    "native": {
        "Authorization": "NATIVE_KEY",
        "01981e6a-7c00-7000-8000-000000000001": "VARIANT",
        "01981e6a-7c00-7000-8000-000000000002": "LOCATION",
    },
}  # fmt: skip
_ORDER_ID, _ID = "ORDER_ID", "ID"
_FIRST_ID = """grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4"""
# An answer to making something may call the id otherwise, such as `phantomId`.
_MADE_ID = """grep -o '"[a-zA-Z]*[iI]d":"[^"]*"' | head -n 1 | cut -d '"' -f 4"""
_JOIN = " \\\n  "


def curl(
    dialect: str,
    document: dict[str, Any],
    address: tuple[str, str],
    operation: dict[str, Any],
    body: object = None,
) -> str:
    """The operation as a shell command, after the command that finds an order where one is needed.

    `address`: method and path. `body` is an example; ids in it that exist nowhere are variables in
    the command.
    """
    method, path = address[0], _with_first_words(address[1], operation)
    of_what = path.partition("/{")[0]
    variable = _ORDER_ID if of_what.endswith("/orders") else _ID
    first, *further = re.findall(r"{(\w+)}", path) or [""]
    found = path.replace(f"{{{first}}}", f"${variable}")
    for name in further:
        found = found.replace(f"{{{name}}}", f"${name.upper()}_ID")
    lines = [f'curl -sS "{SERVER}{found}"']
    if method not in ("GET", "POST") or (method == "POST" and body is None):
        lines[0] = f'curl -sS -X {method} "{SERVER}{found}"'
    headers = [f'-H "{one}"' for one in credentials(dialect, document, operation)]
    lines += headers
    if body is not None:
        text = shlex.quote(json.dumps(body, indent=2, ensure_ascii=False))
        lines += [f'-H "Content-Type: {openapi.JSON}"', f"-d {_filled_in(dialect, text)}"]
    command = _JOIN.join(lines)
    if found == path:
        return command
    if of_what not in document["paths"]:
        return f"# Take the id from an order that you read.\n{variable}=...\n\n{command}"
    before = _looked_up(dialect, document, (method, of_what), headers, variable)
    for name in further:
        before += f"\n# Take the id from what is listed below it.\n{name.upper()}_ID=..."
    return f"{before}\n\n{command}"


def _looked_up(
    dialect: str, document: dict[str, Any], address: tuple[str, str], headers: list[str],
    variable: str,
) -> str:  # fmt: skip
    """The command that finds the thing that an operation is about, or makes the thing."""
    method, of_what = address
    its = document["paths"][of_what]
    looked_up = _JOIN.join([f'curl -sS "{SERVER}{of_what}"', *headers])
    first = _FIRST_ID
    said = "The newest order" if variable == _ORDER_ID else "The first one of the list"
    if "get" not in its or (method == "DELETE" and "post" in its):
        told = next(iter(its["post"]["requestBody"]["content"][openapi.JSON]["examples"].values()))
        looked_up = curl(dialect, document, ("POST", of_what), its["post"], told["value"])
        first, said = _MADE_ID, "A new one"
    return f'# {said}.\n{variable}="$({looked_up} \\\n  | {first})"'


def _with_first_words(path: str, operation: dict[str, Any]) -> str:
    """The path with the first word of each parameter that is one of a few words."""
    for one in operation.get("parameters", ()):
        if one["in"] == "path" and (words := one["schema"].get("enum")):
            path = path.replace("{" + one["name"] + "}", words[0])
    return path


def _filled_in(dialect: str, quoted: str) -> str:
    """The quoted text with variables in place of ids that exist nowhere."""
    for example, variable in VARIABLES[dialect].items():
        quoted = quoted.replace(example, f"'\"${variable}\"'")
    return quoted


def can_be_typed(dialect: str, operation: dict[str, Any]) -> bool:
    """Whether the reader has all that the operation needs. A signed body is sent by a program."""
    needed = [
        one["name"] for one in operation.get("parameters", ())
        if one["in"] == "header" and one["required"]
    ]  # fmt: skip
    return all(name in VARIABLES[dialect] for name in needed)


def credentials(dialect: str, document: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    """The headers that the operation's security schemes and required parameters ask for, as far as
    the reader has them.
    """
    names = VARIABLES[dialect]
    schemes = document["components"]["securitySchemes"]
    lines = []
    for name in [name for needed in operation["security"] for name in needed]:
        scheme = schemes[name]
        if scheme["type"] == "http":
            lines.append(f"Authorization: Bearer ${names['Authorization']}")
        else:
            lines.append(f"{scheme['name']}: ${names[scheme['name']]}")
    lines += [
        f"{one['name']}: ${names[one['name']]}"
        for one in operation.get("parameters", ())
        if one["in"] == "header" and one["required"] and one["name"] in names
    ]
    return list(dict.fromkeys(lines))
