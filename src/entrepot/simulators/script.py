"""Scripts: how a call goes, if not as usual. By a reference of the payment, or by a control call.

A reference holds ``sim_WORD``, ``sim_WORD_TIMES``, or ``sim_WORD_OPERATION_TIMES``, in any place:
``pm_sim_lost_2`` loses the first two answers to the authorisation, ``pm_sim_lost_capture`` the
first answer to the capture.
"""

from __future__ import annotations

import re
from typing import NamedTuple

OPERATIONS = ("create", "authorise", "capture", "void", "refund", "look_up")
WORDS = {
    "lost": "the call has its effect, then the connection is closed without an answer",
    "cut": "the connection is closed, and the call has no effect",
    "failed": "500, saved under the key; the call has no effect",
    "charged": "500, saved under the key, although the call had its effect",
    "unavailable": "503, not saved; the call has no effect",
    "busy": "refused as a call whose key is in use",
    "limited": "429 with Retry-After, not executed",
    "slow": "executed and answered after a while",
    "late": "executed at once, and answered after a while",
    "declined": "refused with the service's code",
    "pending": "the outcome is told later, by the control call `settle`",
    "undone": "done and told so, then it fails, which is told as well",
}
ALWAYS = frozenset({"declined", "pending", "undone"})
_NAMED = re.compile(
    r"sim[-_](" + "|".join(WORDS) + r")"
    r"(?:[-_](" + "|".join(OPERATIONS) + r"))?(?:[-_]([0-9]{1,6}))?"
    r"(?:[-_]as[-_]([A-Za-z0-9_]+))?"
)
SLOW_SECONDS = 1.0
RETRY_AFTER_SECONDS = 1.0


class Script(NamedTuple):
    """How one call goes."""

    does: str = ""
    seconds: float = SLOW_SECONDS
    code: str = ""


USUAL = Script()


class Named(NamedTuple):
    """A script that a reference names."""

    text: str
    script: Script
    operation: str
    times: int | None  # None: each time


def named_in(text: str) -> Named | None:
    """The script that a text names.

    A number is how often; of ``slow`` and ``late`` it is the milliseconds of the first call.
    """
    found = _NAMED.search(text)
    if found is None:
        return None
    does, operation, number, code = found.groups()
    number = int(number) if number else None
    script = Script(does, code=code or "")
    times: int | None = number or 1
    if does in ("slow", "late"):
        script = script._replace(seconds=(number or 1000) / 1000)
        times = 1
    elif does in ALWAYS:
        times = number
    return Named(found[0], script, operation or "authorise", times)
