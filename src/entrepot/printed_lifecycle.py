"""docs/lifecycle.md, printed from the tables of moves and words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from entrepot.core import lifecycle, payment, words
from entrepot.core.facets import VALUES, Facets
from entrepot.core.order_reason import MEANINGS
from entrepot.core.remedies import REMEDIES, STANDS, whole
from entrepot.edge import together
from entrepot.edge import words as _registered  # noqa: F401 - the words of every dialect
from entrepot.printed_states import printed_reached, printed_states

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
true; so no dialect ever shows a word that is false.

A **managed** order is run by Entrepot (placed through Synq, Polinate or the native API): words obey
the legal moves below, only the pipeline confirms it or fails it, and only the answers of its
payment service move its payment. A **mirrored** order is run by another system that tells us of it
(Konvo, a fetched Polinate order): every word is taken as told. Nothing leaves `deleted`: what the
sender of a mirrored order says then is taken, and changes nothing.

## The way of a managed order

```
                    all lines held       payment authorised
  place -> placed -----------------> placed -----------------> confirmed
             |  \\                      |  \\                      |  \\
             |   cancelled, rejected   |   cancelled, rejected    |   the same, until shipping
             |   (nothing was held)    |   (stock released, late  |   (stock released, payment
             |                         |    money voided)         |    voided)
             v                         v                          v
        failed: out of stock      failed: declined, expired    accepted -> packed
        (nothing was held)        (stock released)                |
                                                                  v  (stock taken off hand)
            completed <-- delivered <-- out_for_delivery <-- in_transit
                |
                v
            archived -> deleted              (cancelled, rejected, failed, completed -> deleted)
```

A confirmed order is `accepted` at once: Polinate documents one poll for orders to export, and that
poll asks for ACTIVE and ACCEPTED. Without a payment provider an order is confirmed as soon as its
stock is held. A cancelled order lets go of the money that is held, and gives back what was taken.
Money is taken by hand, when goods leave, or at the confirmation, as the organization chose
([payments.md](payments.md)). A step that keeps failing parks the order, with its reason, for the
operator; it stays `placed` and keeps its stock until the hold ends.

"""

_CHOICES = """\
Synq documents one row and two ends: `confirmed` becomes only `processing` or `cancelled`, and
`cancelled` and `failed` are terminal. A test derives them from these tables by trying every word
from every stand. Hence goods leave only after `packed`, and what needs no shipping is `processing`;
who only says that they left or arrived has packed them on the way, and the history says so.
The other rows are our choice.

* Goods leave with shipments: all that is left of an order, or a part of it. While something is left
  the order is `partially_shipped`, then it is `in_transit`. A word that says that the goods are
  gone ships all that is left. A word that is true of a part that is on its way ships nothing.
* Goods come back with returns, to a shelf or not: `requested` while a return is waited for and
  nothing is back, then `partial`, and `returned` when all are back. A word that tells of a return
  moves the order only, and no stock.
* A held order stands still: its money is not asked for, and nothing leaves of it, whoever says so.
  Its stock stays held without an end. Goods that left arrive all the same. It can be amended and
  cancelled; released, it goes on where it stood.
* An order of which all goods got lost can be cancelled: its money is let go or given back. If some
  goods arrived, the money of the others is refunded. Goods that are found, or sent again, are told
  as `delivered`, and the order is completed.
* A partly shipped order cannot be cancelled. Its lines change where it has no payment, but never to
  less than was shipped of them.
* A packed order can be cancelled: the stock is released and the money let go or given back. Synq's
  documents leave the way out of `processing` open; here it is `cancelled`.
* No answer depends on how far the pipeline is. Words that are told before the confirmation are
  judged as a confirmed order would judge them: what such an order refuses is refused at once.
* Goods can be accepted and packed before the confirmation. Words that say more (the goods left or
  came, the sale is over) are kept, and come true when the pipeline confirms the order. Until then
  the order shows where it stands, and its reason says what waits: `told ahead: ...`. An order that
  fails drops them, and its reason says which. The times of the goods are those of the tellings.
* A word that the order shows already says nothing new: what was read can be sent back.
* `ACTIVE` told of an order that is `PENDING`, and `PENDING` told of one that is `ACTIVE`, are taken
  and move nothing: only the pipeline confirms an order.
* A confirmed order can be `REJECTED` for as long as it can be cancelled. Synq then shows
  `cancelled`, for its `confirmed` never becomes `failed`.
* `deleted` is a word of Polinate's alone. Synq and Konvo go on showing what was last true of a sale
  that was made (`completed`, `delivered`, `shipped`, `refunded`); an order that nothing came of
  shows as `cancelled` there.
"""

_OVERVIEW = """
## Preferred words

Unpaid, and nothing returned, unless a row says otherwise; where several words stand, the facets
left open decide.

"""

_MIRRORED = """
## Where a mirrored order stands

A mirrored order stands where its sender's words put it, and not where the way there led. The last
word that the sender told on each axis is kept with the order. A telling moves only what its changed
words say otherwise than the words before; what another dialect moved meanwhile stays.

* The stage of a running order follows from the rest, unless Polinate's phase was told: confirmed
  when money came (`paid`, refunded, disputed) or when the goods are anywhere but unassigned; else
  placed. `open` and then `paid` shows what `paid` shows.
* The words in the table say something of the goods; the surest one counts. Konvo's `shipped` and
  `fulfilled` say that the shop has handed the goods over, and its `shipmentStatus` says where they
  are. A lost parcel is delivered nowhere.
* Nobody said anything of the goods: they are `accepted` once the order is confirmed, and unassigned
  while it is not, or when the money went back or is disputed.
* Konvo's `status` speaks of three matters, and a word says nothing of a matter that is not its own:
  how far the order is (`open`, `paid`, `shipped`, `fulfilled`, `completed`), what became of the
  money (`refunded`, `partially_refunded`, `disputed`), and that it was called off (`cancelled`).
  `paid` and `open` speak of the money as well. A word of money leaves the goods and the stage where
  they were; `shipped`, `fulfilled` and `completed` leave a refund what it is.
* The order of tellings counts within one matter only: the word that was told last is true now, and
  a word that says how far the order is takes back that it was called off. Tellings of different
  matters end in the same words of Synq and Polinate in any order; Konvo shows the last of them.
* A telling that leads back (an old one that comes late, for example) is taken like any other, for
  tellings carry no time. The order's reason is then `moved_back` with the words that were told, and
  the event says so, until the order goes on.
* The goods left or arrived at the time of the first telling that says so, unless a time is told.
  That time is forgotten when the goods are told to be back.

"""

_TOGETHER = """
## Words that may stand together

Words that the three dialects show of one order at one time. A test walks every pair and triple of
tellings of every dialect and finds no pair of words that is not named here. `DRAFT` and `PENDING`
stand beside goods that left only where Polinate's own words said both, for its two axes are
independent.
"""

_TABLES = """
## The words of each dialect

The first true word of a table is the preferred one; where a word is preferred less often than it is
true, `preferred when` says so. `lands on` is where a facet goes that keeps a told word from being
true. A deleted order of which no other word was true is `cancelled`.
"""

_RULES = (
    (
        "cancelled or rejected only while the goods are",
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
    ("deleted, not shipped", {**_USUAL, "stage": ("deleted",), "fulfilment": ("accepted",)}),
    ("deleted, delivered", {**_USUAL, "stage": ("deleted",), "fulfilment": ("delivered",)}),
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(values: Iterable[str]) -> str:
    """Values as code; `none` where there is none."""
    return ", ".join(f"`{value}`" for value in values) or "none"


def printed_lifecycle() -> str:
    """The document."""
    parts = [
        _INTRODUCTION,
        "## The facets\n\n",
        table(("facet", "values"), ((f"`{name}`", code(VALUES[name])) for name in VALUES)),
        "\n## Legal moves of a managed order\n\n" + _CHOICES + "\n",
        _stages(),
        *(_moves(*facet) for facet in _MOVES),
        _PAYMENTS + table(("state", "meaning", "moves to"), _STATES),
        printed_states(),
        "\n### What the tables cannot say\n\n",
        table(("rule", "values", "and"), (_rule(*rule) for rule in _RULES)),
        "\nGoods leave and arrive only while the order is `confirmed`.\n",
        _REASONS,
        table(
            ("reason", "meaning", "what an operator does"),
            ((f"`{one}`", text, whole(REMEDIES.get(one, ()))) for one, text in MEANINGS.items()),
        ),
        "\n",
        table(
            ("where an order stands", "what an operator does"),
            ((stands, whole(remedies)) for stands, remedies in STANDS.items()),
        ),
        _MIRRORED,
        _claims(),
        _OVERVIEW,
        _preferred(),
        _TABLES,
        *(_words(axis) for axis in words.AXES),
        _TOGETHER,
        *(_together(*axes) for axes in together.TOGETHER),
        printed_reached(),
    ]
    return "".join(parts)


_REASONS = """
### Reasons

An order keeps one of these codes, and a sentence of its own case. `entrepot explain ORDER` says
both, and what an operator does. A command is named only while the order takes the command.

"""

_PAYMENTS = """### Payments and operations

A payment of an order has operations: `authorise`, `capture`, `void` and `refund`. Operations are
only added. The kind, amount and key of an operation never change; its state moves forward. The
payment facet of a managed order follows from the sums of the operations:

* `authorized` while money is held that was not captured;
* else, once money was captured: `paid`, `partially_refunded` or `refunded`, by what was given back;
* else by the authorisation: `pending` without an outcome, `declined`, or `voided` once given up.

"""
_STATES = [
    (f"`{state}`", says, code(to for to in payment.STATES if to in payment.FORWARD[state]))
    for state, says in payment.STATES.items()
]
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
    return "### Stage\n\n" + table(("from", "by a word", "by the pipeline"), rows) + "\n"


def _moves(facet: str, moves: Mapping[str, frozenset[str]], says: str) -> str:
    rows = ((f"`{value}`", _in_order(facet, moves[value])) for value in VALUES[facet])
    return f"### {facet.capitalize()}\n\n{says}\n\n{table(('from', 'to'), rows)}\n"


def _rule(rule: str, fulfilments: frozenset[str], says: str) -> tuple[str, str, str]:
    return rule, _in_order("fulfilment", fulfilments), says


def _in_order(facet: str, values: frozenset[str]) -> str:
    return code(value for value in VALUES[facet] if value in values)


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
    return table(("facets", *_AXES.values()), rows)


def _claims() -> str:
    sure = ("the sale is over", "they will be fetched", "they left the shop", "they are there")
    rows = [
        (_AXES[axis], f"`{word}`", f"`{fulfilment}`", sure[strength])
        for axis, known in words.AXES.items()
        for word, (strength, fulfilment) in known.goods.items()
    ]
    return table(("axis", "word", "goods", "how surely"), rows)


def _together(one: str, other: str) -> str:
    pairs = together.TOGETHER[one, other]
    rows = ((f"`{word}`", _word_list(other, set(pairs[word]))) for word in words.AXES[one].rows)
    return f"\n### {_AXES[one]} and {_AXES[other]}\n\n" + table(("word", "beside"), rows)


def _word_list(axis: str, found: set[str]) -> str:
    return code(word for word in words.AXES[axis].rows if word in found)


def _words(axis: str) -> str:
    rows = []
    for word, row in words.AXES[axis].rows.items():
        narrower = words.AXES[axis].preferred.get(word)
        lands = "; ".join(f"{facet} {values[0]}" for facet, values in row.items())
        rows.append((f"`{word}`", _when(row), _when(narrower) if narrower else "", lands))
    head = ("word", "true when", "preferred when", "lands on")
    return f"\n### {_AXES[axis]}\n\n{table(head, rows)}"


def _when(row: words.Row) -> str:
    return "; ".join(f"{facet} is {' or '.join(values)}" for facet, values in row.items())
