"""The documents that are printed from tables of the code, so that they cannot say anything else.

`entrepot docs` writes them; a test compares the committed files with what is printed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from entrepot import settings
from entrepot.core import lifecycle, words
from entrepot.core.facets import VALUES, Facets
from entrepot.core.refusal import TRANSIENT, Reason
from entrepot.edge.konvo.refusals import STATUS as KONVO_STATUS
from entrepot.edge.polinate.refusals import TABLE as POLINATE_TABLE
from entrepot.edge.synq.refusals import STATUS as SYNQ_STATUS

_PRINTED = "<!-- Printed by `entrepot docs` from the tables of the code; edit those. -->\n\n"

_AXES = {
    "synq": "Synq: `status`",
    "polinate_phase": "Polinate: `phase`",
    "polinate_status": "Polinate: `status`",
    "konvo": "Konvo: `status`",
    "konvo_shipment": "Konvo: `shipmentStatus`",
}

_INTRODUCTION = """\
# The life of an order

An order stands in four **facets**. Every status word of every dialect is a view of them: a table
says of which facets a word is true. Reading gives the word that was last told in that dialect while
it is still true, else the preferred one. Writing a word moves the facets that keep it from being
true, and no others; so no dialect ever shows a word that is false.

A **managed** order is run by Entrepot (placed through Synq or Polinate): words obey the legal moves
below, and only the pipeline confirms it, fails it or moves its payment. A **mirrored** order is run
by another system that tells us of it (Konvo, a fetched Polinate order): every word is taken as
told. Nothing leaves `deleted`, not even when the sender of a mirrored order says so.

## The way of a managed order

```
                    all lines held       payment authorised
  place -> placed -----------------> placed -----------------> confirmed
             |  \\                      |  \\                      |  \\
             |   cancelled, rejected   |   cancelled, rejected    |   cancelled, before packing
             |   (nothing was held)    |   (stock released, late  |   (stock released, payment
             |                         |    money voided)         |    voided)
             v                         v                          v
        failed: out of stock      failed: declined, expired    accepted -> packed
        (nothing was held)        (stock released)                |
                                                                  v  (stock taken off hand)
            completed <-- delivered <-- out_for_delivery <-- in_transit
                |
                v
            archived -> deleted              (cancelled, rejected, failed -> deleted)
```

Without a payment provider an order is confirmed as soon as its stock is held. A step that keeps
failing parks the order, with its reason, for the operator; it stays `placed` and keeps its stock.

"""

_CHOICES = """\
Synq documents one row and two ends: `confirmed` becomes only `processing` or `cancelled`, and
`cancelled` and `failed` are terminal. A test derives them from these tables by trying every word
from every stand. Hence goods leave only after `packed`, and what needs no shipping is `processing`;
who only says that they left or arrived has packed them on the way, and the history says so.
The other rows are our choice. `deleted` is no word of Synq's, which goes on showing such an order
as `cancelled`.
"""

_OVERVIEW = """
## Preferred words

Unpaid, and nothing returned, unless a row says otherwise; where several words stand, the facets
left open decide.

"""

_TABLES = """
## The words of each dialect

The first true word of a table is the preferred one. `lands on` is where a facet goes that keeps a
told word from being true.
"""

_RULES = (
    (
        "cancelled only while the goods are",
        lifecycle.CANCELLABLE_FULFILMENT,
        "stock is released, an authorisation voided",
    ),
    (
        "completed only when the goods are",
        lifecycle.COMPLETABLE_FULFILMENT,
        "`delivered` may be told together with it",
    ),
    (
        "goods come back only when they are",
        lifecycle.RETURNABLE_FULFILMENT,
        "never to an order that has ended",
    ),
)

# The facets of each row of the overview; what a row does not name may be anything.
_UNPAID = ("none", "pending", "authorized", "voided", "declined")
_ROAD = ("in_transit", "out_for_delivery", "attempted", "ready_for_pickup")
_USUAL = {"payment": _UNPAID, "returns": ("none",)}
_LIVE = {"stage": ("confirmed",)} | _USUAL
_NEW = {"stage": ("placed",), "fulfilment": ("unassigned",), "returns": ("none",)}
_RUNNING = {"stage": ("confirmed", "completed"), "payment": _UNPAID}
_GROUPS: tuple[tuple[str, Mapping[str, Sequence[str]]], ...] = (
    ("draft", {**_NEW, "stage": ("draft",), "payment": ("none",)}),
    ("placed, payment none or pending", {**_NEW, "payment": ("none", "pending")}),
    ("placed, authorized", {**_NEW, "payment": ("authorized",)}),
    ("confirmed, unassigned", {**_LIVE, "fulfilment": ("unassigned",)}),
    ("confirmed, unassigned, paid", {**_LIVE, "fulfilment": ("unassigned",), "payment": ("paid",)}),
    ("confirmed, accepted", {**_LIVE, "fulfilment": ("accepted",)}),
    ("confirmed, packed", {**_LIVE, "fulfilment": ("packed",)}),
    ("confirmed, not_applicable", {**_LIVE, "fulfilment": ("not_applicable",)}),
    ("confirmed, partially_shipped", {**_LIVE, "fulfilment": ("partially_shipped",)}),
    ("confirmed, in_transit to ready_for_pickup", {**_LIVE, "fulfilment": _ROAD}),
    ("confirmed, lost", {**_LIVE, "fulfilment": ("lost",)}),
    ("confirmed, delivered", {**_LIVE, "fulfilment": ("delivered",)}),
    (
        "completed or archived, delivered",
        {**_USUAL, "stage": ("completed", "archived"), "fulfilment": ("delivered",)},
    ),
    (
        "return requested, of delivered goods",
        {**_RUNNING, "fulfilment": ("delivered",), "returns": ("requested",)},
    ),
    (
        "partly returned, of delivered goods",
        {**_RUNNING, "fulfilment": ("delivered",), "returns": ("partial",)},
    ),
    ("all returned", {**_RUNNING, "fulfilment": ("delivered",), "returns": ("returned",)}),
    ("confirmed, refunded", {**_LIVE, "payment": ("refunded",)}),
    ("confirmed, partially_refunded", {**_LIVE, "payment": ("partially_refunded",)}),
    ("confirmed, disputed", {**_LIVE, "payment": ("disputed",)}),
    ("cancelled", {**_USUAL, "stage": ("cancelled",)}),
    ("rejected or failed", {**_USUAL, "stage": ("rejected", "failed")}),
    ("deleted", {**_USUAL, "stage": ("deleted",)}),
)


def printed() -> dict[str, str]:
    """Relative path and text of every printed document."""
    return {
        "docs/lifecycle.md": _PRINTED + _lifecycle(),
        "docs/settings.md": _PRINTED + _settings(),
        "docs/refusals.md": _PRINTED + _refusals(),
    }


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values) or "none"


def _lifecycle() -> str:
    parts = [
        _INTRODUCTION,
        "## The facets\n\n",
        _table(("facet", "values"), ((f"`{name}`", _code(VALUES[name])) for name in VALUES)),
        "\n## Legal moves of a managed order\n\n" + _CHOICES + "\n",
        _stages(),
        *(_moves(*facet) for facet in _MOVES),
        "### What the tables cannot say\n\n",
        _table(("rule", "values", "and"), (_rule(*rule) for rule in _RULES)),
        "\nGoods move only while the order is `confirmed`.\n",
        _OVERVIEW,
        _preferred(),
        _TABLES,
        *(_words(axis) for axis in words.AXES),
    ]
    return "".join(parts)


_MOVES = (
    (
        "payment",
        lifecycle.PAYMENT_MOVES,
        "Only the payment service moves it; no word of a dialect claims money.",
    ),
    ("fulfilment", lifecycle.FULFILMENT_MOVES, "Anybody's word moves it."),
    ("returns", lifecycle.RETURN_MOVES, "Anybody's word moves it."),
)


def _stages() -> str:
    rows = (
        (
            f"`{stage}`",
            _in_order("stage", lifecycle.STAGE_MOVES[stage]),
            _in_order("stage", lifecycle.PIPELINE_MOVES.get(stage, frozenset())),
        )
        for stage in VALUES["stage"]
    )
    return "### Stage\n\n" + _table(("from", "by a word", "by the pipeline"), rows) + "\n"


def _moves(facet: str, table: Mapping[str, frozenset[str]], says: str) -> str:
    rows = ((f"`{value}`", _in_order(facet, table[value])) for value in VALUES[facet])
    return f"### {facet.capitalize()}\n\n{says}\n\n{_table(('from', 'to'), rows)}\n"


def _rule(rule: str, fulfilments: frozenset[str], says: str) -> tuple[str, str, str]:
    return rule, _in_order("fulfilment", fulfilments), says


def _in_order(facet: str, values: frozenset[str]) -> str:
    return _code(value for value in VALUES[facet] if value in values)


def _preferred() -> str:
    rows = []
    for title, named in _GROUPS:
        met = [
            Facets(*combination)
            for combination in itertools.product(*(named.get(f, VALUES[f]) for f in VALUES))
        ]
        row = [title]
        for axis in words.AXES:
            found = {words.preferred(axis, facets) for facets in met}
            row.append("as the goods are" if len(found) > len(_ROAD) else _word_list(axis, found))
        rows.append(row)
    return _table(("facets", *_AXES.values()), rows)


def _word_list(axis: str, found: set[str]) -> str:
    return _code(word for word in words.AXES[axis] if word in found)


def _words(axis: str) -> str:
    rows = []
    for word, row in words.AXES[axis].items():
        true = "; ".join(f"{facet} is {' or '.join(values)}" for facet, values in row.items())
        lands = "; ".join(f"{facet} {values[0]}" for facet, values in row.items())
        rows.append((f"`{word}`", true, lands))
    return f"\n### {_AXES[axis]}\n\n{_table(('word', 'true when', 'lands on'), rows)}"


def _settings() -> str:
    rows = (
        (f"`{name}`", type_, f"`{_default(type_, default)}`" if default else "empty", meaning)
        for name, type_, default, meaning in settings.described()
    )
    return (
        "# Settings\n\n"
        "Every setting is an environment variable, or the same name in small letters without "
        f"`{settings.PREFIX}` in the\nTOML file that `{settings.PREFIX}CONFIG` names; the "
        "environment wins. Durations are seconds, sizes bytes. A setting\nthat cannot be taken "
        "stops the start, and all faults are told at once.\n\n"
        + _table(("variable", "type", "default", "meaning"), rows)
    )


def _default(type_: str, default: str) -> str:
    return default.lower() if type_ == "bool" else default


def _refusals() -> str:
    rows = []
    for reason in Reason:
        status, code = POLINATE_TABLE[reason]
        name = f"`{reason.code}`" + (" (t)" if reason in TRANSIENT else "")
        answers = (str(SYNQ_STATUS[reason]), f"{status} `{code}`", str(KONVO_STATUS[reason]))
        rows.append((name, reason.sentence, *answers))
    return (
        "# Refusals\n\n"
        "Every reason to refuse a request. Where several apply, the first one listed is given. "
        "Each dialect says it in its\nown status and body: Synq `{error}`, Polinate "
        "`{errorCode, message, requestId, fieldErrors}`, Konvo `{error, message}`.\n"
        "Where a field is to blame, its path in the request stands before the sentence. Answers "
        "marked (t) are transient and\nnever stored under an idempotency key.\n\n"
        + _table(("reason", "meaning", "Synq", "Polinate", "Konvo"), rows)
    )
