"""The README's own commands, run as they stand there, against a server of this test."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.acceptance.server import Server, eventually

ROOT = Path(__file__).parents[2]


def blocks() -> list[str]:
    """The shell blocks of the README, in order."""
    return re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_commands_of_the_readme(tmp_path: Path) -> None:
    run, credentials, *curls, shop = blocks()
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

        def pasted(curl: str) -> dict[str, object]:
            told: dict[str, object] = json.loads(said(credentials + curl))
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
        assert '"quantity_delta":3' in told
        assert '"order_id"' in told
        token, tenant, org = told.rsplit("\n", 1)[1].split()
        look = f"curl -sS http://127.0.0.1:8080/api/v1/oms/orders -H 'X-Org-ID: {org}' "
        look += f"-H 'Authorization: Bearer {token}' -H 'X-Tenant-ID: {tenant}'"
        eventually(
            lambda: '"status":"confirmed"' in said(look), "the shop's own order is confirmed"
        )
