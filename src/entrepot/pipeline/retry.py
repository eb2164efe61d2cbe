"""When a failed step is tried again, and when a person has to look at it. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from entrepot.core.decide.jobs import PUT_OFF_MAX, TRIES_MAX

RETRY_AFTER_MAX = PUT_OFF_MAX / 1_000_000
_DOUBLINGS_MAX = 60  # beyond, every cap is long reached


class Policy(NamedTuple):
    """How patient a step is: the wait starts at `base_seconds` and doubles up to `cap_seconds`.

    A policy belongs to a cause, and one step can fail for several causes: so policies are no part
    of the steps' table.
    """

    base_seconds: float = 1.0
    cap_seconds: float = 60.0
    tries_max: int = 8  # this many failures of the step, of whatever kind, park the job


POLICIES: MappingProxyType[str, Policy] = MappingProxyType(
    {
        # Money may be under way: half an hour of tries before a person is called.
        "authorise": Policy(tries_max=TRIES_MAX["authorise"]),
        # The customer's money must come back: about a day of tries at this pace. A void that has no
        # answer then is tried every hour, and its order says that its money is still held.
        "void": Policy(cap_seconds=600.0, tries_max=TRIES_MAX["void"]),
        # Money is taken and given back within three days, or a person is called.
        "capture": Policy(cap_seconds=600.0, tries_max=TRIES_MAX["capture"]),
        "refund": Policy(cap_seconds=600.0, tries_max=TRIES_MAX["refund"]),
        "look": Policy(cap_seconds=600.0, tries_max=TRIES_MAX["look"]),
        "hear": Policy(tries_max=TRIES_MAX["hear"]),
        "push": Policy(cap_seconds=300.0, tries_max=TRIES_MAX["push"]),
        "fetch": Policy(cap_seconds=300.0, tries_max=TRIES_MAX["fetch"]),
        # The order source does not know the order: it may not be there yet.
        "absent": Policy(tries_max=5),
        "unclassified": Policy(tries_max=TRIES_MAX["reserve"]),
        # The order book did not answer: the lease still holds the job, for as long as it lasts.
        "book": Policy(base_seconds=0.1, cap_seconds=2.0, tries_max=1_000_000),
    }
)


def starting_at(base_seconds: float) -> MappingProxyType[str, Policy]:
    """The same policies where a step first waits this long, in seconds; the rest in proportion."""
    return MappingProxyType(
        {
            name: policy._replace(base_seconds=policy.base_seconds * base_seconds)
            for name, policy in POLICIES.items()
        }
    )


def next_try(
    tries: int, policy: Policy, random01: float, retry_after: float | None = None
) -> float | None:
    """Seconds until the next try after one more failure; None: give up, a person has to look.

    `tries` counts the failures before this one. The backoff is exponential, capped and fully
    jittered by `random01`; a service that asked for a longer wait gets it, up to an hour.
    """
    if tries + 1 >= policy.tries_max:
        return None
    longest = min(policy.cap_seconds, policy.base_seconds * 2.0 ** min(tries, _DOUBLINGS_MAX))
    return max(random01 * longest, min(retry_after or 0.0, RETRY_AFTER_MAX))
