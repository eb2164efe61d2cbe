"""The README's own commands, run as they stand there, against a server of this test."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from cyclopts import App

from entrepot.cli.credentials import shell_variables
from entrepot.cli.main import COMMANDS, app
from entrepot.testing.clients import speaking
from entrepot.testing.server import Server, eventually

ROOT = Path(__file__).parents[2]


def blocks() -> list[str]:
    """The shell blocks of the README, in order."""
    return re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_readme_names_what_the_demo_exports() -> None:
    told: dict[str, dict[str, str]] = defaultdict(lambda: defaultdict(str))
    exported = re.findall(r"^export (\w+)=", shell_variables(told, ""), re.MULTILINE)
    sentence = re.search(r"The command sets (.*?):", (ROOT / "README.md").read_text(), re.DOTALL)
    assert sentence is not None
    assert re.findall(r"`(\w+)`", sentence[1]) == exported


def test_the_commands_of_the_readme(tmp_path: Path) -> None:
    run, credentials, *curls, _, shop = blocks()
    assert run.strip() == "make run"
    assert [line.startswith("curl") for line in curls] == [True] * 3
    url = f"sqlite:///{tmp_path / 'readme.db'}"
    with Server(url, tmp_path) as server:

        def said(script: str) -> str:
            done = subprocess.run(
                ["/bin/sh", "-ec", script.replace("http://127.0.0.1:8080", server.url)], check=True,
                capture_output=True, cwd=ROOT, env=server.env, text=True, timeout=60,
            )  # fmt: skip
            return done.stdout

        # As the block has them, which asks once for all that is pasted after it.
        known = said(f"{credentials}\nexport -p")

        def pasted(curl: str) -> dict[str, object]:
            told: dict[str, object] = json.loads(said(f"{known}\n{curl}"))
            return told

        order_id = str(pasted(curls[0])["order_id"])
        assert str(pasted(curls[0])["order_id"]) == order_id, "the same key, the same order"
        konvo = pasted(curls[1])
        assert konvo["count"] == 1
        assert order_id in json.dumps(konvo)

        def confirmed() -> bool:
            return order_id.replace("-", "") in json.dumps(pasted(curls[2]))

        eventually(confirmed, "the order is confirmed and read in Polinate")
        assert pasted(curls[2])["total"] == 1

        told = said(shop + '\nprintf "\\n%s %s %s" "$SYNQ_TOKEN" "$SYNQ_TENANT" "$SYNQ_ORG"')
        assert '"quantity_delta":4' in told
        assert '"order_id"' in told
        token, tenant, org = told.rsplit("\n", 1)[1].split()
        look = f"curl -sS http://127.0.0.1:8080/api/v1/oms/orders -H 'X-Org-ID: {org}' "
        look += f"-H 'Authorization: Bearer {token}' -H 'X-Tenant-ID: {tenant}'"
        every = "all that is in stock is sold, by three dialects"
        eventually(lambda: said(look).count('"status":"confirmed"') == 3, every)


def test_the_whole_life_of_an_order(tmp_path: Path) -> None:
    _, credentials, *_, life, _ = blocks()
    assert life.count("curl ") == 10
    with Server(f"sqlite:///{tmp_path / 'readme.db'}", tmp_path) as server, speaking(server) as us:
        script = (credentials + life).replace("http://127.0.0.1:8080", server.url)
        done = subprocess.run(
            ["/bin/sh", "-ec", script], check=True, capture_output=True, cwd=ROOT, env=server.env,
            text=True, timeout=60,
        )  # fmt: skip
        assert '"problem' not in done.stdout
        assert '"stage":"completed"' in done.stdout.splitlines()[-1]

        def paid_back() -> dict[str, object] | None:
            order = us.native.order("life-1")
            return order if order["payment"] == "refunded" else None

        order = eventually(paid_back, "the money of the order is paid back")
        assert (order["stage"], order["fulfilment"], order["returns"]) == (
            "completed", "delivered", "returned",
        )  # fmt: skip
        events = us.native.send("GET", "/orders/life-1/events").json()["data"]
        types = [event["type"] for event in events]
        for type_ in (
            "order.placed", "payment.authorized", "order.confirmed", "order.held",
            "order.released", "payment.captured", "goods.shipped", "goods.delivered",
            "return.requested", "goods.returned", "payment.refunded",
        ):  # fmt: skip
            assert type_ in types, type_
        server.verify()


def rows(section: str) -> list[str]:
    """The first cells of the table in a section of the README."""
    text = (ROOT / "README.md").read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]


def test_every_address_of_the_readme_is_served(tmp_path: Path) -> None:
    addresses = [path for row in rows("What is served") for path in re.findall(r"`(/.*?)`", row)]
    assert len(addresses) == 20
    with Server(f"sqlite:///{tmp_path / 'readme.db'}", tmp_path) as server, speaking(server) as us:
        for path in addresses:
            client = us.polinate if path in ("/api/v1/orders", "/api/v1/items") else us.synq
            client = us.konvo if path == "/orders" else client
            client = us.native if path.startswith("/v1") else client
            wanted = 405 if path.endswith(("/adjust", "/items")) else 200
            assert client.get(path).status_code == wanted, path
        for name in ("synq", "polinate", "konvo", "native"):
            document = httpx.get(f"{server.url}/openapi/{name}.json").json()
            assert document["openapi"].startswith("3.1")


def test_every_command_of_the_readme_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with the options that the README gives it."""
    commands = [
        command
        for row in rows("Commands")
        for command in re.findall(r"`(?:\.venv/bin/entrepot )?(.*?)`", row.replace("\\|", "|"))
    ]
    targets = {one.removeprefix("make ").split()[0] for one in commands if one.startswith("make ")}
    makefile = (ROOT / "Makefile").read_text()
    assert targets == {target for target in targets if f"\n{target}:" in makefile}
    ours = [one for one in commands if not one.startswith("make ")]
    assert (len(targets), len(ours)) == (10, 39)

    for command in ours:
        words = re.match(r"[a-z]+(-[a-z]+)*( [a-z]+(-[a-z]+)*)*", command)
        assert words is not None
        with suppress(SystemExit):  # a command that is loaded by then ends so
            app([*words[0].split(), "--help"])
        told = capsys.readouterr().out
        assert f"Usage: entrepot {words[0]}" in told
        for option in re.findall(r"--[a-z-]+", command):
            assert option in told, command


def test_every_command_is_in_the_readme() -> None:
    told = "\n".join(rows("Commands"))
    for path, name, _ in COMMANDS:
        module, _, member = path.partition(":")
        command = getattr(import_module(f"entrepot.cli.{module}"), member)
        parts = [one for one in command if one[0] != "-"] if isinstance(command, App) else []
        for words in [f"{name} {part}" for part in parts] or [name]:
            assert re.search(rf"[`\s]{words}\b", told), words


def test_the_port_of_make_run_can_be_chosen() -> None:
    for words, port in (([], "8080"), (["PORT=8081"], "8081")):
        told = subprocess.run(
            ["make", "-n", "run", *words], check=True, capture_output=True, text=True, cwd=ROOT
        ).stdout
        assert f"entrepot serve --host 127.0.0.1 --port {port} --demo" in told


def test_the_interpreter_is_the_first_that_is_new_enough_and_can_make_a_venv(
    tmp_path: Path,
) -> None:
    def interpreter(name: str, can: bool) -> None:
        """An interpreter that has what makes a .venv, or that has not."""
        program = tmp_path / name
        case = f'case "$*" in *ensurepip*) exit {0 if can else 1};; esac'
        program.write_text(f"#!/bin/sh\n{case}\n")
        program.chmod(0o755)

    def chosen() -> str:
        path = f"{tmp_path}:/usr/bin:/bin"
        lines = (ROOT / "Makefile").read_text().replace("/usr/bin/python3", f"{tmp_path}/own3")
        makefile = tmp_path / "Makefile"
        makefile.write_text(f"{lines}\ntold:\n\t@echo $(PYTHON)\n")
        command = ["make", "-s", "-f", str(makefile), "told"]
        env = {"PATH": path}
        run = subprocess.run(
            command, check=True, capture_output=True, text=True, env=env, cwd=tmp_path
        )
        return run.stdout.strip()

    interpreter("python3.11", can=True)
    assert chosen() == str(tmp_path / "python3.11")
    interpreter("own3", can=True)
    assert chosen() == str(tmp_path / "own3")
    interpreter("own3.11", can=False)  # of the system, without what makes a .venv
    assert chosen() == str(tmp_path / "own3")
