"""Every command of the reference pages works as it is pasted, on a server with the demo."""

from __future__ import annotations

import base64
import html
import re
import subprocess
from collections.abc import Iterator
from functools import cache

import httpx
import pytest
from tests.integration_service import IntegrationService

from entrepot.testing.server import Server, eventually

FIRST_ORDER = """curl -sS "$SERVER/api/v1/oms/orders" -H "Authorization: Bearer $SYNQ_TOKEN" \
  -H "X-Tenant-ID: $SYNQ_TENANT" -H "X-Org-ID: $SYNQ_ORG" -H 'Content-Type: application/json' \
  -d '{"idempotency_key": "first", "payment_provider": "stripe", "payment_reference": "pi_1",
       "currency": "USD", "items": [{"variant_id": "'$VARIANT'", "location_id": "'$LOCATION'",
       "product_title": "Mug", "unit_price": 12.50, "quantity": 2}]}'"""


# A server that can seal accounts at payment services.
SEALED = {"ENTREPOT_SEAL_KEYS": base64.b64encode(b"k" * 32).decode()}
# Some changes of one order exclude each other, no test asks a real payment service, and the id of
# the product that is pushed is an example.
NOT_PASTED = re.compile(r"ID/(?!events|explain|entries)|/providers/stripe/test|push/product")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("reference")
    with (
        IntegrationService("shopify") as service,
        Server(f"sqlite:///{folder / 'book.db'}", folder, env=service.env | SEALED) as server,
    ):
        yield server


@cache
def credentials(server: Server) -> str:
    """The demo's credentials as `entrepot demo --shell` prints them, asked for once."""
    return server.command("demo", "--shell")


def paste(server: Server, command: str) -> str:
    """The output of a command in a shell that has the demo's credentials; exit 0 required.

    Here curl fails where the server refuses.
    """
    script = (
        f"{credentials(server)}\nexport SERVER={server.url}\n"
        f'curl() {{ command curl --fail-with-body "$@"; }}\n{command}'
    )
    done = subprocess.run(
        ["/bin/sh", "-ec", script], check=False, capture_output=True, text=True, timeout=60,
        cwd=server.folder, env=server.env,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def commands(server: Server, dialect: str) -> list[str]:
    """The commands of a dialect's page as a reader copies them."""
    page = httpx.get(f"{server.url}/reference/{dialect}").text
    found = re.findall(r"<h4>Command</h4><pre>(.*?)</pre>", page, re.DOTALL)
    return [html.unescape(one) for one in found]


def test_every_command_of_the_pages_is_taken(served: Server) -> None:
    served.command("org", "invoices", served.credentials["synq"]["org_id"], "confirmation")
    paste(served, FIRST_ORDER)
    listed = (
        'curl -sS "$SERVER/api/v1/orders?phase=ACTIVE" -H "X-Business-Id: $POLINATE_BUSINESS" '
        '-H "X-API-Key: $POLINATE_KEY"'
    )
    eventually(lambda: '"total":1' in paste(served, listed) or None, "the order is confirmed")
    for dialect, count in (("synq", 47), ("polinate", 13), ("konvo", 7), ("native", 70)):
        found = commands(served, dialect)
        assert len(found) == count
        # What is told by PUT can be read afterwards only.
        for command in sorted(found, key=lambda one: "-X PUT" not in one):
            assert served.url in command
            assert ":8080" not in command
            if not NOT_PASTED.search(command):
                paste(served, command)


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("orders.example", "http://orders.example"),
        ("orders.example:81", "http://orders.example:81"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("x$(id)", "http://127.0.0.1:8080"),
        ("a;b", "http://127.0.0.1:8080"),
        ("a'b", "http://127.0.0.1:8080"),
        ("a&b", "http://127.0.0.1:8080"),
    ],
)
def test_the_page_shows_the_host_that_it_was_asked_at(
    served: Server, host: str, shown: str
) -> None:
    answer = httpx.get(f"{served.url}/reference/synq", headers={"Host": host})
    if answer.status_code == 200:
        assert f"curl -sS &quot;{shown}/api/v1/oms/orders&quot;" in answer.text
    else:
        assert answer.status_code == 400, "an HTTP server refuses such a Host"
    assert "$(id)" not in answer.text


def test_a_proxy_that_speaks_tls_is_believed_for_the_text(served: Server) -> None:
    headers = {"Host": "orders.example", "X-Forwarded-Proto": "https"}
    assert "https://orders.example/api/v1" in httpx.get(
        f"{served.url}/reference/synq", headers=headers
    ).text  # fmt: skip


def test_the_front_page_leads_to_everything(served: Server) -> None:
    page = httpx.get(served.url)
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    links = re.findall(r'href="(/[^"]*)"', page.text)
    assert len(links) == 10
    for link in links:
        assert httpx.get(f"{served.url}{link}").status_code == 200, link
    assert httpx.get(f"{served.url}/orders/").status_code == 404
