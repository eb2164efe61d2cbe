"""Arguments of commands: words in any case, whole numbers, names, addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from entrepot.cli.errors import OperatorError

PORT_MAX = 65_535
_NAME_MAX = 200  # characters
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")


def words(*known: str) -> Parameter:
    """A parameter that takes one of these words, in capitals or small letters."""

    def chosen(_type: Any, tokens: Sequence[Any]) -> str:
        typed: str = tokens[0].value
        for word in known:
            if word.lower() == typed.strip().lower():
                return word
        raise ValueError(f"{typed!r} is not one of {', '.join(known)}")

    return Parameter(converter=chosen)


def _whole(_type: Any, tokens: Sequence[Any]) -> int:
    typed: str = tokens[0].value
    try:
        return int(typed)
    except ValueError:
        raise ValueError(f"{typed!r} is not a whole number") from None


whole = Parameter(converter=_whole)
"""A parameter that takes a whole number; it refuses 8080.5."""

ORDER = (
    "The order's id in any dialect's spelling, what its sender calls it, or its number as #1042. "
    "The name of its organization may stand before it"
)
OrderText = Annotated[str, Parameter(help=f"{ORDER}.")]
"""The words that name an order."""

OrgText = Annotated[
    str | None,
    Parameter(
        help="Name, number or id of the organization; the order is looked for in all when absent."
    ),
]
"""The organization of an order that is named."""


def port_of(port: int, *, least: int = 1) -> int:
    """The port. Raises OperatorError if the number cannot be a port."""
    if least <= port <= PORT_MAX:
        return port
    any_ = ", or 0 for any" if least == 0 else ""
    raise OperatorError(f"--port {port} is not a port; choose one from 1 to {PORT_MAX}{any_}")


def host_of(host: str) -> str:
    """The host. Raises OperatorError if printed commands could not contain it as it is."""
    if _HOST.fullmatch(host):
        return host
    raise OperatorError(f"--host {host!r} is not a host; give a name or an address")


def url_of(host: str, port: int) -> str:
    """The address of a server that listens on a host, as it may be pasted."""
    named = host or "127.0.0.1"
    if ":" in named:
        named = f"[{named.replace('%', '%25')}]"
    return f"http://{named}:{port}"


def name_of(name: str, what: str, *, may_be_empty: bool = False) -> str:
    """The name. Raises OperatorError unless it is one line of visible characters."""
    if not name.strip() and not may_be_empty:
        raise OperatorError(f"{what} needs a name; give one that is not empty")
    if len(name) > _NAME_MAX or not name.isprintable():
        raise OperatorError(
            f"the name of {what} is one line of at most {_NAME_MAX} visible characters; "
            "choose another one"
        )
    return name
