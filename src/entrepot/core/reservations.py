"""The states of a line's claim on stock."""

from __future__ import annotations

# The states of a claim: each with its meaning, and the states that may follow.
STATES: dict[str, str] = {
    "held": "The stock waits for the payment, until the hold ends.",
    "committed": "The stock is the order's own until it leaves.",
    "released": "The claim was given back.",
    "expired": "The claim ended with its hold: no payment came in time.",
    "shipped": "All of the claim left.",
}
STATE_MOVES: dict[str, frozenset[str]] = {
    "held": frozenset({"committed", "released", "expired"}),
    # A line that comes down to what left has left whole; one that is raised again has not.
    "committed": frozenset({"shipped", "released"}),
    "shipped": frozenset({"committed"}),
    "released": frozenset(),
    "expired": frozenset(),
}
