"""The actor of an event, as text: a kind, a colon, and a name within that kind.

| text | who |
|---|---|
| `key:<id>` | a credential of the book, by its id |
| `token:<subject>` | the subject of a token that another issuer signed |
| `operator:<command>` | an operator's command |
| `step:<kind>` | a step of the pipeline, or its walk over holds of money (`lapse`) |
| `provider:<service>` | a payment service, whose answer is the event |
| `connection:<id>` | a connection to a shop, which told it |

The empty text means: not known. Events from before actors were kept have it.
"""

from __future__ import annotations

from entrepot.core.ids import dashed, spelled

UNKNOWN = ""
KEY, TOKEN, OPERATOR, STEP, PROVIDER = "key", "token", "operator", "step", "provider"
CONNECTION = "connection"
KINDS = (KEY, TOKEN, OPERATOR, STEP, PROVIDER, CONNECTION)
# Characters of a subject that are kept; an issuer may choose any text.
_SUBJECT_MAX = 64


def credential(id_: bytes) -> str:
    """The credential with this id: its name and role are listed under the same id."""
    return f"{KEY}:{dashed(id_)}"


def credential_id(actor: str) -> bytes | None:
    """The id of the credential that the actor is; None for another kind of actor."""
    kind, _, name = actor.partition(":")
    return spelled(name) if kind == KEY else None


def subject(claim: object) -> str:
    """The subject of a token, cut to 64 characters. Characters that do not print are left out.

    A token without a subject is `token:-`.
    """
    text = claim if isinstance(claim, str) else ""
    kept = "".join([one for one in text if one.isprintable()])[:_SUBJECT_MAX]
    return f"{TOKEN}:{kept or '-'}"


def operator(command: str) -> str:
    """An operator's command, by the name that it is called by."""
    return f"{OPERATOR}:{command}"


def step(kind: str) -> str:
    """A step of the pipeline, by the kind of its job."""
    return f"{STEP}:{kind}"


def provider(service: str) -> str:
    """A payment service, by its name."""
    return f"{PROVIDER}:{service}"


def connection(id_: bytes) -> str:
    """A connection to a shop, by its id."""
    return f"{CONNECTION}:{dashed(id_)}"
