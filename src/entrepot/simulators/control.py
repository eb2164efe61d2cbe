"""The control calls: what a test asks a simulator for beside the service's own API."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.ledger import payments
from entrepot.simulators.notices import MODES, Notices
from entrepot.simulators.script import OPERATIONS, WORDS
from entrepot.simulators.service import Service

_UNDONE = ("capture", "refund", "any")
_OUTCOMES = ("opened", "won", "lost")


class Control:
    """The calls below ``/_simulator/``."""

    def __init__(self, service: Service, notices: Notices) -> None:
        self._service = service
        self._ledger = service.ledger
        self._notices = notices
        self._calls: dict[tuple[str, str], Callable[[Json], Awaitable[Json]]] = {
            ("GET", "ledger"): self._told,
            ("POST", "clock"): self._set_clock,
            ("POST", "script"): self._script,
            ("POST", "settle"): self._settle,
            ("POST", "undo"): self._undo,
            ("POST", "dispute"): self._dispute,
            ("POST", "notifications"): self._direct,
            ("POST", "release"): self._release,
            ("POST", "forge"): self._forge,
        }

    async def answer(self, call: Call) -> Reply:
        """The answer to a control call; 400 with a sentence where it makes no sense."""
        answer = self._calls.get((call.method, call.path.removeprefix("/_simulator/")))
        if answer is None:
            return Reply(404, {"error": "no such control call; docs/simulators.md lists them"})
        try:
            told = json.loads(call.body) if call.body else {}
            if not isinstance(told, dict):
                raise _Wrong("the body is a JSON object")
            return Reply(200, await answer(told))
        except (ValueError, TypeError) as error:
            return Reply(400, {"error": str(error)})
        except Fault as fault:
            return fault.reply

    async def _told(self, _: Json) -> Json:
        with self._ledger.writing():
            self._service.let_lapse()
        entries = self._ledger.entries()
        return {
            "service": self._service.name,
            "now": self._service.now(),
            "payments": payments(entries),
            "entries": entries,
            "calls": self._ledger.calls(),
            "notifications": self._ledger.notices(unsent=False),
        }

    async def _set_clock(self, told: Json) -> Json:
        ahead = float(self._ledger.fact("clock_ahead", 0.0))
        if "ahead_seconds" in told:
            ahead = float(told["ahead_seconds"])
        ahead += float(told.get("advance_seconds", 0.0))
        with self._ledger.writing():
            self._ledger.set_fact("clock_ahead", ahead)
            self._service.let_lapse()
        self._notices.wake()  # the service tells of the holds that have ended
        return {"now": self._service.now(), "ahead_seconds": ahead}

    async def _script(self, told: Json) -> Json:
        operation = _one_of(told, "operation", (*OPERATIONS, "any"))
        does = _one_of(told, "does", tuple(WORDS))
        times = int(told.get("times", 1))
        with self._ledger.writing():
            self._ledger.add_script(operation, does, times, told)
        return {"operation": operation, "does": does, "times": times}

    async def _settle(self, told: Json) -> Json:
        outcome = _one_of(told, "outcome", ("authorised", "declined"))
        with self._ledger.writing():
            settled = self._service.settle(str(told.get("reference", "")), outcome)
        self._notices.wake()
        return {"settled": settled}

    async def _undo(self, told: Json) -> Json:
        operation = _one_of({"operation": "any"} | told, "operation", _UNDONE)
        name, code = str(told.get("reference", "")), str(told.get("code", ""))
        with self._ledger.writing():
            undone = self._service.undo(name, operation, code)
        self._notices.wake()
        return {"undone": undone}

    async def _dispute(self, told: Json) -> Json:
        outcome = _one_of(told, "outcome", _OUTCOMES)
        with self._ledger.writing():
            disputed = self._service.dispute(str(told.get("reference", "")), outcome)
        self._notices.wake()
        return {"disputed": disputed}

    async def _direct(self, told: Json) -> Json:
        with self._ledger.writing():
            if "url" in told:
                self._ledger.set_fact("notices_url", told["url"])
            if "mode" in told:
                self._ledger.set_fact("notices_mode", _one_of(told, "mode", MODES))
            if "late_seconds" in told:
                self._ledger.set_fact("notices_late", float(told["late_seconds"]))
        self._notices.wake()
        return {
            "url": self._ledger.fact("notices_url"),
            "mode": self._ledger.fact("notices_mode", "usual"),
            "late_seconds": self._ledger.fact("notices_late", 0.0),
        }

    async def _release(self, told: Json) -> Json:
        statuses = await self._notices.release(
            reverse=bool(told.get("reversed")), times=int(told.get("times", 1))
        )
        return {"statuses": statuses}

    async def _forge(self, told: Json) -> Json:
        """Send the newest notification of a reference once more, with a wrong signature."""
        wanted = str(told.get("reference", ""))
        listed = [
            one["told"] for one in self._ledger.notices(unsent=False)
            if wanted in json.dumps(one["told"])
        ]  # fmt: skip
        if not listed:
            raise _Wrong("no notification names this reference")
        return {"status": await self._notices.send(listed[-1], forged=True), "at": time.time()}


class _Wrong(ValueError):
    """A control call that makes no sense."""


def _one_of(told: Json, name: str, words: tuple[str, ...]) -> str:
    value: Any = told.get(name)
    if value not in words:
        raise _Wrong(f"{name} must be one of {', '.join(words)}")
    return str(value)
