"""`entrepot provider`: accounts are sealed, never shown again, and opened by either of two keys."""

from __future__ import annotations

import base64
import io
import json
import re
import shlex
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from tests.cli.conftest import Command
from tests.providers.vendor import Answer, Vendor

from entrepot import sealing
from entrepot.testing.command_line import run_in

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
SECRETS = ("sk_test_51secret", "whsec_othersecret")
LISTED = {"object": "list", "data": [], "has_more": False, "url": "/v1/payment_intents"}
STRIPE = f'api_key = "{SECRETS[0]}"\nwebhook_secret = "{SECRETS[1]}"\n'


@pytest.fixture
def acme(command: Command, tmp_path: Path) -> Path:
    """An organization Acme, and a file with its members at Stripe."""
    assert command("org", "create", "Acme").code == 0
    file = tmp_path / "stripe.toml"
    file.write_text(STRIPE)
    return file


def sealed(folder: Path) -> list[bytes]:
    with sqlite3.connect(next(folder.rglob("entrepot.db"))) as book:
        return [row[0] for row in book.execute("SELECT sealed FROM provider_accounts")]


def test_an_account_is_added_listed_tested_changed_and_removed(
    command: Command, acme: Path, tmp_path: Path
) -> None:
    with Vendor(Answer(200, LISTED)) as stripe:
        printed = command(
            "provider", "add", "acme", "stripe", "--from", str(acme), "--base-url", stripe.url,
            SEAL_KEYS=OLD,
        )  # fmt: skip
        assert printed.code == 0, printed
        assert re.search(r"go to /v1/providers/stripe/[0-9a-f-]{36}/notifications\n", printed.out)
        tested = command("provider", "test", "Acme", "stripe", SEAL_KEYS=OLD)
        assert "works" in tested.out
        assert stripe.asked[0].headers["authorization"] == f"Bearer {SECRETS[0]}"
        refusal = {"error": {"type": "invalid_request_error", "message": "no"}}
        stripe.script = [Answer(401, refusal)]
        refused = command("provider", "test", "Acme", "stripe", SEAL_KEYS=OLD, LOG_LEVEL="debug")
        assert "Stripe does not take the API key" in refused.sentence()
    listed = command("provider", "list", "--json", SEAL_KEYS=OLD)
    assert json.loads(listed.out) == [
        {"organization": "Acme", "service": "stripe", "api_key": "kept", "webhook_secret": "kept",
         "base_url": stripe.url}
    ]  # fmt: skip
    blind = command("provider", "list", "--json", SEAL_KEYS=NEW)
    assert json.loads(blind.out)[0]["unusable"] == sealing.NO_KEY
    acme.write_text('api_key = "sk_live_2secret"')
    changed = command("provider", "add", "Acme", "stripe", "--from", str(acme), SEAL_KEYS=OLD)
    assert "changed" in changed.out
    for ended in (printed, tested, refused, listed, blind, changed):
        for secret in (*SECRETS, "sk_live_2secret", OLD):
            assert secret not in ended.out + ended.err
    for file in tmp_path.rglob("*"):
        if file.is_file() and file != acme:
            assert not any(one.encode() in file.read_bytes() for one in SECRETS), file
    assert command("provider", "remove", "Acme", "stripe").code == 0
    assert "has no account at stripe" in command("provider", "remove", "Acme", "stripe").sentence()


def test_an_input_that_ends_early_is_one_sentence(
    command: Command, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-D, where a member of the account or a payment secret is asked for."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("getpass.getpass", Mock(side_effect=EOFError))
    for words in (("provider", "add", "Acme", "stripe"),
                  ("org", "payment-secret", "Acme", "--from", "-")):  # fmt: skip
        assert "the input ended" in command(*words, SEAL_KEYS=OLD).sentence()
    binary = io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n"), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", binary)
    no_text = command("org", "payment-secret", "Acme", "--from", "-").sentence()
    assert "this is no payment secret" in no_text


def test_keys_are_changed_two_at_a_time(command: Command, acme: Path, tmp_path: Path) -> None:
    command("provider", "add", "Acme", "stripe", "--from", str(acme), SEAL_KEYS=OLD)
    before = sealed(tmp_path)
    assert "cannot be opened" in command("provider", "reseal", SEAL_KEYS=NEW).sentence()
    told = command("provider", "reseal", SEAL_KEYS=f"{NEW}, {OLD}")
    assert "1 of 1 account(s) and 0 of 0 webhook secret(s) are sealed anew" in told.out
    assert "0 of 1" in command("provider", "reseal", SEAL_KEYS=NEW).out
    after = sealed(tmp_path)
    assert before != after
    assert json.loads(command("provider", "list", "--json", SEAL_KEYS=NEW).out)[0]["api_key"]


def test_the_command_that_asks_the_service_can_be_pasted(command: Command, acme: Path) -> None:
    name = "Caf\u00e9 'Ada' & $HOME"
    assert command("org", "create", name).code == 0
    told = command("provider", "add", name, "stripe", "--from", str(acme), SEAL_KEYS=OLD)
    [pasted] = re.findall(r"^`(.*)` asks stripe", told.out, re.MULTILINE)
    assert shlex.split(pasted)[1:] == ["provider", "test", name, "stripe"]


def test_members_come_from_the_environment_too(
    command: Command, acme: Path, tmp_path: Path
) -> None:
    missing = command("provider", "add", "Acme", "stripe", SEAL_KEYS=OLD).sentence()
    assert "set STRIPE_API_KEY, or use --from FILE" in missing
    variables = {"STRIPE_API_KEY": SECRETS[0], "ENTREPOT_SEAL_KEYS": OLD}
    assert run_in(tmp_path, variables, "provider", "add", "Acme", "stripe").code == 0
    (told,) = json.loads(command("provider", "list", "Acme", "--json", SEAL_KEYS=OLD).out)
    assert (told["api_key"], told["webhook_secret"]) == ("kept", "none")
    assert told["base_url"] == "https://api.stripe.com"


@pytest.mark.parametrize(
    ("file", "words", "keys", "says"),
    [
        (STRIPE, ("stripe",), "", "ENTREPOT_SEAL_KEYS is not set"),
        (STRIPE, ("stripe",), "c2hvcnQ=", "ENTREPOT_SEAL_KEYS: key 1 must be 32 bytes in base64"),
        ("", ("stripe",), OLD, "api_key is missing"),
        ('apikey = "sk"', ("stripe",), OLD, "apikey is no member of an account"),
        ("api_key = 5", ("stripe",), OLD, "api_key must be text"),
        ("sk_test_51secret", ("stripe",), OLD, "is no TOML file"),
        (STRIPE, ("stripe", "--base-url", "http://example.com"), OLD, "must be an https:// URL"),
        (STRIPE, ("stripe", "--base-url", "https://u:p@x.com"), OLD, "without credentials"),
        (STRIPE, ("stripe", "--base-url", "ftp://127.0.0.1"), OLD, "must be an https:// URL"),
        (STRIPE, ("stirpe",), OLD, "'stirpe' is not one of stripe"),
    ],
)
def test_what_makes_no_account_is_one_sentence_without_a_secret(
    command: Command, acme: Path, file: str, words: tuple[str, ...], keys: str, says: str
) -> None:
    acme.write_text(file)
    ended = command("provider", "add", "Acme", *words, "--from", str(acme), SEAL_KEYS=keys)
    assert says in ended.sentence()
    assert not any(one in ended.err for one in (*SECRETS, "c2hvcnQ="))


def test_a_sealed_text_opens_for_what_it_is_about_alone() -> None:
    keys = sealing.keys_of(f"{OLD},{NEW}")
    text = sealing.seal(keys, b"plain", "1|stripe")
    assert b"plain" not in text
    assert sealing.unseal(keys[::-1], text, "1|stripe") == b"plain"
    changed = text[:-1] + bytes([text[-1] ^ 1])
    for keys_, sealed_, about in (
        (keys, text, "2|stripe"), (keys, changed, "1|stripe"), (keys[1:], text, "1|stripe"),
        (keys, b"\x01", "1|stripe"), (keys, b"\x02" + text[1:], "1|stripe"), ((), text, "1|stripe"),
    ):  # fmt: skip
        with pytest.raises(sealing.Unsealable):
            sealing.unseal(keys_, sealed_, about)
    assert text != sealing.seal(keys, b"plain", "1|stripe"), "no two texts are alike"
