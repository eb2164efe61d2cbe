"""`entrepot demo`: an organization to try everything on, made once."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from sqlalchemy import Connection

from entrepot import settings
from entrepot.cli import credentials
from entrepot.cli.choices import host_of, port_of, url_of, whole
from entrepot.cli.session import OperatorError, commit, on_book
from entrepot.cli.writing import results
from entrepot.clock import new_id, now
from entrepot.core import ids
from entrepot.core.actor import OPERATOR, operator
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.stocking import MakeVariant
from entrepot.core.money import Amount
from entrepot.core.properties import text_of
from entrepot.core.quantity import ONE, Quantity, json_number
from entrepot.core.refusal import Refusal
from entrepot.core.results import Result, VariantResult
from entrepot.store import accounts, catalogue
from entrepot.store.engine import Database
from entrepot.store.engines.opening import parsed_url
from entrepot.store.engines.private_files import make_file, readable_by_others, write_private
from entrepot.writer.envelope import Envelope

NAME = "Demo"
BY = "demo"  # who sends its commands: the command line's own command
ON_HAND = Quantity(1_000_000 * ONE)
GOODS = (
    ("MUG-01", "Mug, stoneware", Amount(1250, 2)),
    ("TEE-M-BLUE", "T-shirt, blue, M", Amount(2999, 2)),
    ("BAG-CANVAS", "Canvas bag", Amount(1800, 2)),
    ("COFFEE-1KG", "Coffee beans, 1 kg", Amount(2450, 2)),
    ("POSTER-A2", "Poster, A2", Amount(1500, 2)),
    ("PEN-BLACK", "Pen, black", Amount(195, 2)),
)


def demo(
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    shell: Annotated[bool, Parameter(negative="")] = False,
    host: str = "127.0.0.1",
    port: Annotated[int, whole] = 8080,
) -> None:
    """Make the demo organization with stock, once, and print how to use it.

    Its secrets are in a file beside the database that only you can read, because the database
    stores only digests.

    Parameters
    ----------
    as_json
        Print one line of JSON.
    shell
        Print the credentials as shell variables, for `eval`.
    host
        Address of the server that the printed commands speak to.
    port
        Port of that server.
    """
    if as_json and shell:
        raise OperatorError("--json and --shell print different things; choose one of them")
    host_of(host)
    port_of(port)
    told = on_book(ensure)
    if as_json:
        print(text_of(told))
    elif shell:
        print(credentials.shell_variables(told, told["variants"][0]["id"]))
    else:
        print(first_steps(told, url_of(host, port)))


def credentials_file(url: str) -> Path:
    """The file of the demo's secrets: beside an SQLite file, else under ./var."""
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return Path(parsed.database + ".demo.json")
    named = hashlib.sha256(f"{parsed.host}:{parsed.port}/{parsed.database}".encode()).hexdigest()
    return Path("var") / f"demo-{named[:12]}.json"


async def ensure(database: Database) -> dict[str, Any]:
    """The demo organization's credentials and goods, made at need."""
    chosen = settings.load()
    path = credentials_file(chosen.database_url)
    kept = _kept(path)
    if kept is not None and await database.read(lambda conn: _works(conn, kept)):
        if readable_by_others(path):
            write_private(path, json.dumps(kept))
        return kept
    make_file(path)  # before anything else is made: keys without their secrets are of no use
    org = await database.read(lambda conn: accounts.organization_named(conn, NAME))
    if org is None:
        org = await commit(database, lambda conn: _made(conn, chosen.cell))
    if await database.read(partial(accounts.has_begun, org=org.org)):
        told = await credentials.issue_all(database, org, BY)
    else:
        told = await credentials.begin(database, org, BY)
    variants = await _goods(database, org)
    told["variants"] = variants
    write_private(path, text_of(told))
    return told


def _made(conn: Connection, cell: int) -> accounts.Organization:
    """The organization, unless another process has just made it."""
    there = accounts.organization_named(conn, NAME)
    return there or accounts.create_organization(conn, NAME, now(), new_id, cell=cell)


def _kept(path: Path) -> dict[str, Any] | None:
    """The content of the file; None without a file, and for a file that lacks a part because
    another version wrote it. Raises OSError for an unreadable file: nothing is to be made then.
    """
    try:
        kept: dict[str, Any] = json.loads(path.read_text())
        credentials.shell_variables(kept, kept["variants"][0]["id"])  # names each part
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return kept


def _works(conn: Connection, kept: dict[str, Any]) -> bool:
    secrets = [kept["synq"]["token"], *(kept[d]["api_key"] for d in credentials.DIALECTS[1:])]
    return all(accounts.credential(conn, secret) is not None for secret in secrets)


async def _goods(database: Database, org: accounts.Organization) -> list[dict[str, Any]]:
    def listed(conn: Connection) -> dict[str, catalogue.ListedVariant]:
        return {one.sku: one for one in catalogue.listed_variants(conn, org.org)}

    there = await database.read(listed)
    for sku, name, price in GOODS:
        if sku in there:
            continue
        made = await _done(database, MakeVariant(org.org, OPERATOR, sku, name, "USD", price))
        assert isinstance(made, VariantResult)
        here = org.default_location
        await _done(database, AdjustStock(org.org, made.variant.id, here, ON_HAND, "Demo stock"))
    return [
        {"id": ids.dashed(one.id), "sku": one.sku, "price": one.price.text(),
         "currency": one.currency, "on_hand": json_number(one.on_hand)}
        for one in (await database.read(listed)).values()
    ]  # fmt: skip


async def _done(database: Database, command: MakeVariant | AdjustStock) -> Result:
    [result] = await results(database, [Envelope(command, actor=operator(BY))])
    if isinstance(result, Refusal):
        raise OperatorError(result.sentence)
    return result


def first_steps(told: dict[str, Any], base: str) -> str:
    """How to place a first order in each dialect, as commands to paste."""
    synq, variant = told["synq"], told["variants"][0]["id"]
    body = {
        "idempotency_key": "first-order-1",
        "payment_provider": "stripe",
        "payment_reference": "pi_demo_1",
        "currency": "USD",
        "items": [
            {"variant_id": variant, "location_id": synq["location_id"], "product_title": "Mug",
             "unit_price": 12.50, "quantity": 2}
        ],
    }  # fmt: skip
    konvo = [
        {
            "id": "shop-1001", "friendlyName": "#1001", "orderTotal": 2500, "currency": "USD",
            "status": "paid",
            "customer": {"id": "c-1", "firstName": "Ada", "lastName": "Lovelace"},
            "items": [
                {"id": "mug", "sku": "MUG", "name": "Mug", "description": "A mug", "price": 1250,
                 "msrp": 1500, "imageUrl": "https://example.com/mug.jpg", "currency": "USD",
                 "quantity": 2}
            ],
        }
    ]  # fmt: skip
    polinate = {
        "currency": "USD", "expectedDeliveryAt": "2030-01-15T10:00:00.000Z",
        "orderItems": [{"itemVariantId": "var_" + variant.replace("-", ""), "quantity": 2}],
    }  # fmt: skip
    auth = (
        f"-H 'Authorization: Bearer {synq['token']}' -H 'X-Tenant-ID: {synq['tenant_id']}' "
        f"-H 'X-Org-ID: {synq['org_id']}'"
    )
    business = (
        f"-H 'X-Business-Id: {told['polinate']['business_id']}' "
        f"-H 'X-API-Key: {told['polinate']['api_key']}'"
    )
    key = f"-H 'x-api-key: {told['konvo']['api_key']}'"
    json_ = "-H 'Content-Type: application/json'"
    return f"""
Place an order in Synq's words:
curl -sS {base}/api/v1/oms/orders {auth} {json_} -d '{json.dumps(body)}'

Tell of one in Konvo's words:
curl -sS {base}/orders {key} {json_} -d '{json.dumps(konvo)}'

Place one in Polinate's words:
curl -sS {base}/api/v1/orders {business} {json_} -d '{json.dumps(polinate)}'

And read all of them in each:
curl -sS {base}/api/v1/oms/orders {auth}
curl -sS {base}/orders {key}
curl -sS {base}/api/v1/orders {business}
"""
