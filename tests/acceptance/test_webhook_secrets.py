"""The secret of a webhook is sealed in the book, and signs what is sent."""

from __future__ import annotations

import base64
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.contracts.facts.synq_events import signed_by

from entrepot.testing.clients import World, accepted, speaking
from entrepot.testing.receiver import Posted, Receiver
from entrepot.testing.server import Server, eventually

# A server that was killed may have held a webhook, whose lease lasts a minute.
LEASED_SECONDS = 120
OLD, NEW = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))


def hook(world: World, url: str) -> str:
    """A new webhook's secret, as it is shown once."""
    made = accepted(world.native.send("POST", "/webhooks", {"url": url}))
    shown = accepted(world.native.send("GET", f"/webhooks/{made['id']}"), 200)
    assert "secret" not in shown
    secret: str = made["secret"]
    return secret


def kept(server: Server) -> list[bytes]:
    """What the book has of each secret, the oldest first."""
    with sqlite3.connect(Path(server.database_url.removeprefix("sqlite:///"))) as book:
        return [row[0] for row in book.execute("SELECT secret FROM webhooks ORDER BY id")]


def raw(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def renewed(world: World, webhook_id: str, key: str) -> str | None:
    """Another secret of a webhook, as the answer shows it."""
    path = f"/webhooks/{webhook_id}/secret"
    answer = accepted(world.native.send("POST", path, Idempotency_Key=key), 200)
    secret: str | None = answer["secret"]
    return secret


def newest(server: Server, receiver: Receiver) -> Posted:
    """The message of something that happens now."""
    before = len(receiver.posted)
    with speaking(server) as world:
        accepted(world.native.send("POST", "/locations", {"name": secrets.token_hex(4)}))

    def told() -> Posted | None:
        new = list(receiver.posted)[before:]
        return next((one for one in new if one.json()["type"] == "location.made"), None)

    return eventually(told, "the message has come", LEASED_SECONDS)


def signs(server: Server, receiver: Receiver, *told: str) -> bool:
    """Whether a message comes that each of these secrets has signed."""
    before = len(receiver.posted)
    with speaking(server) as world:
        accepted(world.native.send("POST", "/locations", {"name": secrets.token_hex(4)}))

        def signed() -> bool:
            new = list(receiver.posted)[before:]
            return all(any(signed_by(one, secret) for one in new) for secret in told)

        return bool(eventually(signed, "every secret has signed a message", LEASED_SECONDS))


def test_secrets_are_sealed_also_those_of_an_older_book(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    env = {"ENTREPOT_WEBHOOKS_PRIVATE": "on"}
    with Receiver() as receiver, Server(fresh_database("sqlite"), tmp_path, env=env) as server:
        with speaking(server) as world:
            plain = hook(world, f"{receiver.url}/plain")
        assert kept(server) == [raw(plain)]
        server.kill()
        server.env["ENTREPOT_SEAL_KEYS"] = OLD
        server.start()
        with speaking(server) as world:
            sealed = hook(world, f"{receiver.url}/sealed")
        assert kept(server)[0] == raw(plain)
        assert raw(sealed) not in kept(server)[1]
        assert signs(server, receiver, plain, sealed)
        server.env["ENTREPOT_SEAL_KEYS"] = f"{NEW},{OLD}"
        assert "2 of 2 webhook secret(s)" in server.command("provider", "reseal")
        assert not any(raw(one) in it for one in (plain, sealed) for it in kept(server))
        server.kill()
        server.env["ENTREPOT_SEAL_KEYS"] = NEW
        server.start()
        assert signs(server, receiver, plain, sealed)
        assert plain not in server.output()
        assert sealed not in server.output()


def test_a_webhook_signs_with_two_secrets_for_a_day(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    env = {"ENTREPOT_WEBHOOKS_PRIVATE": "on"}
    with Receiver() as receiver, Server(fresh_database("sqlite"), tmp_path, env=env) as server:
        with speaking(server) as world:
            made = accepted(world.native.send("POST", "/webhooks", {"url": receiver.url}))
            first = made["secret"]
            second = renewed(world, made["id"], "another")
            assert second is not None
            # The key's memory has no secret, and a repeat makes none.
            assert renewed(world, made["id"], "another") is None
        both = newest(server, receiver)
        assert both.headers["webhook-signature"].count("v1,") == 2
        assert signed_by(both, first)
        assert signed_by(both, second)
        server.kill()
        server.env["ENTREPOT_SEAL_KEYS"] = NEW
        server.start()
        assert "1 of 1 webhook secret(s)" in server.command("provider", "reseal")
        both = newest(server, receiver)
        assert signed_by(both, first)
        assert signed_by(both, second)
        with speaking(server) as world:
            third = renewed(world, made["id"], "one more")
        assert third is not None
        both = newest(server, receiver)
        assert [signed_by(both, one) for one in (first, second, third)] == [False, True, True]
        assert not any(raw(one) in it for one in (second, third) for it in kept(server))
        with speaking(server) as world:
            accepted(world.native.send("DELETE", f"/webhooks/{made['id']}"), 200)
            gone = world.native.send("POST", f"/webhooks/{made['id']}/secret")
        assert gone.status_code == 404
        assert not any(one in server.output() for one in (first, second, third))
