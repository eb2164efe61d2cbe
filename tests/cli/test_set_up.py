"""What the operator sets up is told in the organization's log, by whom, and without secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Command

SECRET = "ab" * 32


def logged(command: Command, org: str) -> list[dict[str, Any]]:
    told = command("events", org, "--json")
    assert told.code == 0, told
    return [json.loads(line) for line in told.out.splitlines()]


def types_of(events: list[dict[str, Any]]) -> list[str]:
    return [one["type"] for one in events]


def test_an_organization_and_its_first_keys_are_told(command: Command) -> None:
    made = json.loads(command("org", "create", "Acme", "--json").out)
    events = logged(command, "Acme")
    assert types_of(events) == ["organization.made", *["key.made"] * 4]
    assert events[0]["body"] == {
        "name": "Acme", "tenant_id": made["synq"]["tenant_id"],
        "organization_id": made["synq"]["org_id"],
    }  # fmt: skip
    assert [one["body"]["dialect"] for one in events[1:]] == ["synq", "polinate", "konvo", "native"]
    assert {one["actor"] for one in events} == {"operator:org create"}
    keys = [made[dialect]["api_key"] for dialect in ("polinate", "konvo", "native")]
    secrets = [made["synq"]["token"], *keys]
    assert len(set(secrets)) == 4
    assert not [one for one in secrets if one in json.dumps(events)]
    listed = json.loads(command("key", "list", "--org", "Acme", "--json").out)
    assert [(one["dialect"], one["role"]) for one in listed] == [
        (one["body"]["dialect"], "ADMIN") for one in events[1:]
    ]
    assert command("verify").code == 0


def test_the_demo_is_made_by_commands_and_once(command: Command) -> None:
    first = json.loads(command("demo", "--json").out)
    events = logged(command, "Demo")
    goods = ["product.created", "stock.adjusted"] * len(first["variants"])
    assert types_of(events) == ["organization.made", *["key.made"] * 4, *goods]
    assert {one["actor"] for one in events} == {"operator:demo"}
    assert json.loads(command("demo", "--json").out) == first
    assert logged(command, "Demo") == events


def test_an_order_source_is_told_by_its_host_alone(command: Command) -> None:
    command("org", "create", "Acme")
    start = len(logged(command, "Acme"))
    url = "https://source.example:8443/orders/{orderId}?token=t0ken"
    told = command("org", "source", "Acme", "--url", url, "--header", "X-Key: s3cret")
    assert told.code == 0, told
    command("org", "source", "Acme")
    events = logged(command, "Acme")[start:]
    assert [(one["type"], one["body"]) for one in events] == [
        ("order_source.set", {"host": "source.example:8443", "header": "X-Key"}),
        ("order_source.removed", {}),
    ]
    assert {one["actor"] for one in events} == {"operator:org source"}
    assert "s3cret" not in json.dumps(events)
    assert "t0ken" not in json.dumps(events)


def test_a_payment_secret_is_told_without_the_secret(command: Command, tmp_path: Path) -> None:
    command("org", "create", "Acme")
    start = len(logged(command, "Acme"))
    (tmp_path / "secret").write_text(SECRET + "\n")
    told = command("org", "payment-secret", "Acme", "--from", "secret")
    assert told.code == 0, told
    [event] = logged(command, "Acme")[start:]
    assert (event["type"], event["body"]) == ("payment_secret.taken", {})
    assert event["actor"] == "operator:org payment-secret"
    assert command("org", "payment-secret", "Acme", "--to", "out").code == 0
    assert (tmp_path / "out").read_text().strip() == SECRET
