"""The steps of every call to a simulator, as an ASGI application.

1. The script of the call is found: by a control call first, else by a reference in the body.
2. A known key is answered from what was saved, or refused.
3. The service's operation runs in one transaction with the key's answer and the notifications.
4. The answer leaves, or is lost as the script has it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from entrepot.simulators.control import Control
from entrepot.simulators.exchange import Call, Fault, Reply, read_form
from entrepot.simulators.notices import Notices
from entrepot.simulators.script import RETRY_AFTER_SECONDS, USUAL, Script, named_in
from entrepot.simulators.service import Route, Service

_INSTEAD = {"busy": "busy", "limited": "limited", "unavailable": "unavailable", "failed": "failed"}
_CONTROL = "/_simulator/"
_TURNS = 3
# Errors of code that uses a member of another shape or type than the call has.
_NOT_AS_MEANT = (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError)


class Simulator:
    """A service, played to its clients over HTTP."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.ledger = service.ledger
        self.notices = Notices(service)
        self._control = Control(service, self.notices)
        self._under_way: set[str] = set()
        with self.ledger.writing():
            service.prepare()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or follow the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        call = await _read(scope, receive)
        if call.path.startswith(_CONTROL):
            await _send(send, await self._control.answer(call))
            return
        reply, lost = await self._answered(call)
        if lost:
            await _break_off(scope)
            return
        await _send(send, reply)

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.notices.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.notices.stop()
                self.ledger.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answered(self, call: Call) -> tuple[Reply, bool]:
        """The answer to a call, and whether the answer is lost."""
        service = self.service
        found = _route_of(service, call)
        if found is None:
            return service.no_route(call), False
        call.key = call.headers.get(service.key_header) if call.method == "POST" else None
        try:
            call.params = service.read(call)
        except Fault as fault:
            return fault.reply, False
        operation = service.operation_of(call, found.operation)
        number = self._noted(call, operation)
        reply, outcome = Reply(500), "broke"
        try:
            reply, outcome = await self._by_script(call, found, operation)
        finally:
            with self.ledger.writing():
                self.ledger.ended(number, reply.status, outcome)
        self.notices.wake()
        return reply, outcome in ("lost", "cut")

    def _noted(self, call: Call, operation: str) -> int:
        with self.ledger.writing():
            self.service.let_lapse()
            return self.ledger.called(
                self.service.now(), call.method, call.path, operation, call.key
            )

    async def _by_script(self, call: Call, found: Route, operation: str) -> tuple[Reply, str]:
        service = self.service
        refused = service.refused(call)
        if refused is not None:
            return refused, "refused"
        script = self._script_of(call, operation)
        if script.does == "cut":
            return Reply(0), "cut"
        if script.does in ("busy", "limited", "unavailable"):
            return _in_a_while(service.refusal(script.does, call), script.does), script.does
        if call.key in self._under_way:
            return service.refusal("busy", call), "busy"
        if call.key is not None:
            self._under_way.add(call.key)
        try:
            if script.does == "slow":
                await asyncio.sleep(script.seconds)
            reply, outcome = self._executed(call, found, script)
            if script.does == "late":
                self.notices.wake()
                await asyncio.sleep(script.seconds)
        finally:
            self._under_way.discard(call.key or "")
        return reply, "lost" if script.does == "lost" else outcome

    def _script_of(self, call: Call, operation: str) -> Script:
        if not operation:
            return USUAL
        with self.ledger.writing():
            told = self.ledger.take_script(operation)
            if told is not None:
                does, more = told
                return Script(does, float(more.get("seconds", 1.0)), str(more.get("code", "")))
            text = self.service.texts(call)
            named = named_in(text)
            if named is None or named.operation != operation:
                return USUAL
            if named.times is None:
                return named.script
            met = self.ledger.count(f"{operation} {named.text} {_whose(call)}")
            return named.script if met <= named.times else USUAL

    def _executed(self, call: Call, found: Route, script: Script) -> tuple[Reply, str]:
        """Execute a call, or answer from its key, in one transaction."""
        service, ledger = self.service, self.ledger
        call.declined = script.code if script.does == "declined" else None
        call.pending = script.does == "pending"
        content = _content(call)
        if call.key is not None:
            if len(call.key) > 255:
                return service.refusal("key_too_long", call), "refused"
            saved = ledger.stored(call.key)
            if saved is not None and service.now() - saved.at <= service.remembers(call):
                if saved.content != content:
                    return service.refusal("mismatch", call), "mismatch"
                return service.replayed(call, saved.reply), "replayed"
        try:
            with ledger.writing():
                reply, saved_reply = self._performed(call, found, script)
                if call.key is not None and service.saves(saved_reply):
                    ledger.store(call.key, service.now(), content, saved_reply)
        except Fault as fault:
            reply = fault.reply
            if call.key is not None and service.saves(reply):
                with ledger.writing():
                    ledger.store(call.key, service.now(), content, reply)
            return reply, "refused"
        return reply, script.does or "done"

    def _performed(self, call: Call, found: Route, script: Script) -> tuple[Reply, Reply]:
        """The answer to a call, and the answer that is saved under its key."""
        failure = self.service.refusal("failed", call)
        if script.does == "failed":
            return failure, failure
        try:
            reply = found.perform(call)
        except _NOT_AS_MEANT as error:
            # A member of another shape or type, which a service does not take either.
            raise Fault(self.service.refusal("unreadable", call)) from error
        if script.does == "undone":
            told = reply.body if isinstance(reply.body, dict) else {}
            name = str(told.get("pspReference") or told.get("id") or "")
            self.service.undo(name, "any", script.code)
        if script.does != "charged":
            return reply, reply
        # A service that saves no failure knows by the key what was done.
        return failure, failure if self.service.saves(failure) else reply


def _route_of(service: Service, call: Call) -> Route | None:
    for one in service.routes:
        match = one.path.fullmatch(call.path)
        if match is not None and one.method == call.method:
            call.found = match.groups()
            return one
    return None


def _whose(call: Call) -> str:
    """Whose count a reference's script has: that of the path's object, else of the content."""
    return call.found[0] if call.found else _content(call)


def _content(call: Call) -> str:
    told = json.dumps([call.method, call.path, call.params], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _in_a_while(reply: Reply, does: str) -> Reply:
    if does != "limited":
        return reply
    more = {"retry-after": str(int(RETRY_AFTER_SECONDS))}
    return Reply(reply.status, reply.body, reply.headers | more)


async def _read(scope: Any, receive: Any) -> Call:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    query = read_form(scope["query_string"].decode("latin-1"))
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Call(scope["method"], scope["path"], query, headers, body)


async def _send(send: Any, reply: Reply) -> None:
    body = reply.encoded()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    both = headers | reply.headers
    listed = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in both.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": listed})
    await send({"type": "http.response.body", "body": body})


async def _break_off(scope: Any) -> None:
    """Close the connection as a network that fails does: the client gets no byte."""
    scope["transport"].abort()
    for _ in range(_TURNS):  # until the server has noticed
        await asyncio.sleep(0)
