"""Each dialect's document against running servers: generated requests, answers of real orders.

ENTREPOT_FUZZ_CASES sets how many requests are generated for each document at least. Making one
takes ten times as long as answering it, so each is made once: it is sent to a server on SQLite,
and exactly as it went there to a server on PostgreSQL.
"""

from __future__ import annotations

import base64
import json
import math
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import requests
from tests.acceptance.schemathesis_runs import Schemathesis, schemathesis
from tests.contracts import Contract, konvo, polinate, published, synq
from tests.integration_service import IntegrationService

from entrepot.testing.clients import Body, World, konvo_order, order_number, speaking
from entrepot.testing.server import Server

ENGINES = ("sqlite", "postgres")

CASES = int(os.environ.get("ENTREPOT_FUZZ_CASES", "100"))
# The bounds of each parameter take most of the time of a run: `make fuzz` has them.
PHASES = "examples,coverage,fuzzing" if "ENTREPOT_FUZZ_CASES" in os.environ else "examples,fuzzing"
SEED = 20260101
DIALECTS = ("synq", "polinate", "konvo", "native")
CONTRACTS = (synq.CONTRACT, polinate.CONTRACT, konvo.CONTRACT)
ID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z?")
NO_KEY = "00000000-0000-7000-8000-000000000000"
NOWHERE = "https://shop.example/events"
NATIVE_LISTS = (
    "orders", "variants", "locations", "stock", "stock/ledger", "events", "settings",
)  # fmt: skip
METHODS = {"get", "put", "post", "patch", "delete"}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


class Sent(NamedTuple):
    """A request as it went out, and the answer of the first server."""

    operation: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None
    status: int
    media: str | None
    answer: bytes


class Side(NamedTuple):
    """A server on one engine, and its demo organization."""

    server: Server
    world: World


@pytest.fixture(scope="module")
def sides(
    fresh_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Side]]:
    """A running server on each engine."""
    with ExitStack() as stack:
        service = stack.enter_context(IntegrationService("shopify"))
        folders = {engine: tmp_path_factory.mktemp(engine) for engine in ENGINES}
        yield {
            engine: stack.enter_context(_side(fresh_database(engine), folder, service.env))
            for engine, folder in folders.items()
        }


@contextmanager
def _side(url: str, folder: Path, env: dict[str, str] | None = None) -> Iterator[Side]:
    with Server(url, folder, env=env) as server, speaking(server) as world:
        yield Side(server, world)


@pytest.fixture(scope="module")
def program() -> Iterator[Schemathesis]:
    """Schemathesis, loaded once."""
    with schemathesis() as running:
        yield running


def documents() -> Any:
    """The reader of documents. It takes most of a second to load, in each process that collects."""
    from schemathesis import openapi  # noqa: PLC0415

    return openapi


def address(server: Server, dialect: str) -> str:
    return f"{server.url}/openapi/{dialect}.json"


def fuzz(
    program: Schemathesis, server: Server, document: Body, headers: dict[str, str], folder: Path
) -> tuple[Body, list[Sent], str]:
    """Runs schemathesis on a document with valid credentials.

    Gives its report, all that it sent, and what it printed.
    """
    operations = sum(len(METHODS & set(path)) for path in document["paths"].values())
    # One of them may have fewer different requests than its share.
    share = math.ceil(CASES / max(1, operations - 1))
    report, kept = folder / "report.json", folder / "openapi.json"
    sent = folder / "sent.ndjson"
    kept.write_text(json.dumps(document))
    arguments = [
        *("run", str(kept)),
        *("--url", server.url, "--checks", ",".join(CHECKS)),
        *("--phases", PHASES, "--continue-on-failure", "--no-color"),
        *("--max-examples", str(share), "--seed", str(SEED)),
        *("--generation-database", "none", "--suppress-health-check", "all"),
        *("--report", "json,ndjson", "--report-json-path", str(report)),
        *("--report-ndjson-path", str(sent)),
        *("--output-sanitize", "false"),
    ]
    for name, value in headers.items():
        arguments += ["--header", f"{name}: {value}"]
    said = program.run(folder, *arguments)
    assert report.exists(), said
    return json.loads(report.read_text()), list(sent_by(sent, server.url)), said


def sent_by(report: Path, url: str) -> Iterator[Sent]:
    """All requests of a run, in their order."""
    for line in report.read_text().splitlines():
        told = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for one in told.get("interactions", {}).values():
            asked, answer = one["request"], one["response"]
            body = asked.get("body")
            yield Sent(
                told["label"],
                asked["method"],
                asked["uri"].removeprefix(url),
                {name: values[0] for name, values in asked["headers"].items()},
                None if body is None else base64.b64decode(body["$base64"]),
                answer["status_code"],
                answer["headers"].get("content-type", [None])[0],
                base64.b64decode(answer["content"]["$base64"]),
            )


class Names:
    """The names of a second organization for the things of a first one.

    Schemathesis asks for orders that it has read of, so their ids are learned from the answers.
    """

    def __init__(self, credentials: dict[str, str]) -> None:
        self._credentials = credentials
        self._numbers: dict[str, str] = {}
        for before, now in credentials.items():
            self.learn(before, now)

    def learn(self, before: object, now: object) -> None:
        """Takes up each id that two answers have at the same place, the first time that it is seen:
        that is the answer to who made the thing. Lists of what pipelines did may differ later on.
        """
        if isinstance(before, dict) and isinstance(now, dict):
            for name in before.keys() & now.keys():
                self.learn(before[name], now[name])
        elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
            # Things that were made at one time are listed by their ids, which differ.
            ordered = sorted(before, key=faceless), sorted(now, key=faceless)
            for one, other in zip(*ordered, strict=True):
                self.learn(one, other)
        elif isinstance(before, str) and isinstance(now, str):
            for one, other in zip(ID.findall(before), ID.findall(now), strict=False):
                self._numbers.setdefault(plain(one), plain(other))

    def of(self, text: str) -> str:
        """The text with the names of the second organization."""
        for before, now in self._credentials.items():
            text = text.replace(before, now)
        return ID.sub(self._other, text)

    def _other(self, found: re.Match[str]) -> str:
        other = self._numbers.get(plain(found[0]))
        if other is None:
            return found[0]
        return str(uuid.UUID(other)) if "-" in found[0] else other


def faceless(value: object) -> str:
    """What was answered, without ids and times."""
    return TIME.sub("", ID.sub("", json.dumps(value, sort_keys=True)))


def plain(any_id: str) -> str:
    return any_id.replace("-", "")


def send_again(sent: list[Sent], document: Body, server: Server, names: Names) -> None:
    """Each request gets the same status as before, and an answer as documented."""
    schema = documents().from_dict(document)
    with requests.Session() as session:
        for one in sent:
            asked = requests.Request(one.method, server.url).prepare()
            # As it is: `requests` would spell some characters otherwise.
            asked.url = server.url + names.of(one.target)
            asked.headers.update({name: names.of(text) for name, text in one.headers.items()})
            if one.body is not None:
                asked.body = names.of(one.body.decode("latin-1")).encode("latin-1")
                asked.headers["Content-Length"] = str(len(asked.body))
            answer = session.send(asked)
            media = answer.headers.get("content-type")
            assert (answer.status_code, media) == (one.status, one.media), (one, answer.text)
            method, path = one.operation.split(" ", 1)
            if one.method == method:  # another one is none of the document's operations
                schema[path][method].validate_response(answer)
            if one.status < 300 and one.answer:
                names.learn(json.loads(one.answer), answer.json())


def at(**parameters: str) -> dict[str, Any]:
    """The parameters of a path, as schemathesis takes them."""
    return {"path_parameters": parameters}


def real_requests(world: World) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Requests about orders that exist: (dialect, method, path, what schemathesis sends)."""
    placed = [
        world.synq_created()["id"],
        world.synq_created("declined")["id"],
        world.konvo_created(status="completed", shipmentStatus="delivered")["id"],
        world.polinate.create(world.polinate_order())["id"],
    ]
    requests: list[tuple[str, str, str, dict[str, Any]]] = []
    for any_id in placed:
        number = order_number(any_id)
        dashed = str(uuid.UUID(number))
        change = {"order": {"notes": "seen", "properties": {"a": None}}}
        prefixed = {"id": f"ord_{number}"}
        requests += [
            (
                "synq",
                "GET",
                "/api/v1/oms/orders/{orderID}",
                {"path_parameters": {"orderID": dashed}},
            ),
            ("konvo", "GET", "/orders/{ID}", {"path_parameters": {"ID": dashed}}),
            ("polinate", "GET", "/api/v1/orders/{id}", {"path_parameters": prefixed}),
            (
                "polinate",
                "PATCH",
                "/api/v1/orders/{id}",
                {"path_parameters": prefixed, "body": change},
            ),
        ]
    stock = {
        "variant_id": world.variants[0]["id"],
        "location_id": world.synq.location_id,
        "quantity_delta": 1,
    }
    notice = {"orderId": placed[-1], "businessId": world.polinate.business_id}
    return [
        *requests,
        ("synq", "POST", "/api/v1/oms/orders", {"body": world.synq_order()}),
        ("synq", "POST", "/api/v1/inventory/adjust", {"body": stock}),
        ("synq", "GET", "/api/v1/oms/orders", {}),
        ("polinate", "POST", "/api/v1/orders", {"body": notice}),
        ("polinate", "POST", "/api/v1/orders", {"body": world.polinate_order()}),
        ("polinate", "GET", "/api/v1/orders", {}),
        ("konvo", "POST", "/orders", {"body": [konvo_order()]}),
        ("konvo", "GET", "/orders", {}),
        ("native", "POST", "/v1/orders", {"body": world.native_order()}),
        *[("native", "GET", f"/v1/{path}", {}) for path in NATIVE_LISTS],
        *[
            ("native", "GET", f"/v1/orders/{{ref}}{part}", at(ref=any_id))
            for any_id in placed
            for part in ("", "/events", "/explain")
        ],
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_real_answers_are_as_documented(
    engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """Generated ids hit no order, so the answers about real ones are compared on their own; and on
    a server of their own, because generated requests delete what they have read of.
    """
    with _side(fresh_database(engine), tmp_path) as (server, world):
        schemas = {dialect: documents().from_url(address(server, dialect)) for dialect in DIALECTS}
        for dialect, method, path, sent in real_requests(world):
            operation = schemas[dialect][path][method]
            media = {"media_type": "application/json"} if "body" in sent else {}
            case = operation.Case(**(sent | media))
            response = case.call(base_url=server.url, headers=world.dialects[dialect].headers)
            assert response.status_code in {200, 201}, f"{method} {path}: {response.text}"
            operation.validate_response(response)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_generated_requests_get_documented_answers(
    dialect: str, sides: dict[str, Side], program: Schemathesis, tmp_path: Path
) -> None:
    document = httpx.get(address(sides["sqlite"].server, dialect), timeout=30).json()
    for parameters in [one.get("parameters", []) for one in operations(document)]:
        # A request that waits for an event has no answer as long as nothing happens.
        parameters[:] = [one for one in parameters if one["name"] != "wait"]
    if revoked := document["paths"].get("/v1/keys/{id}"):
        # The keys of the run are listed to it; the requests that follow need them.
        [named] = [one for one in revoked["delete"]["parameters"] if one["name"] == "id"]
        named["schema"] = {"type": "string", "enum": [NO_KEY]}
    if again := document["paths"].get("/v1/webhooks/{id}/deliveries/{delivery}/redeliver"):
        # Deliveries are made in the background: the other server may not have this one yet.
        [named] = [one for one in again["post"]["parameters"] if one["name"] == "delivery"]
        named["schema"] = {"type": "string", "enum": [NO_KEY]}
    for named in ("MakeWebhook", "ChangeWebhook"):
        if shape := document["components"]["schemas"].get(named):
            # Events are sent to the addresses: no generated one may be somebody's.
            shape["properties"]["url"] = {"type": "string", "enum": [NOWHERE, "http://a", ""]}
    fuzzed(program, dialect, document, sides, tmp_path)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.dialect)
def test_requests_of_a_published_document_get_documented_answers(
    contract: Contract, sides: dict[str, Side], program: Schemathesis, tmp_path: Path
) -> None:
    document = published.document(contract)
    if contract is polinate.CONTRACT:
        # The example of the document says so: a notification names the business of its caller.
        body = document["paths"]["/api/v1/orders"]["post"]["requestBody"]
        members = body["content"]["application/json"]["schema"]["properties"]
        members["businessId"]["enum"] = [sides["sqlite"].world.polinate.business_id]
    fuzzed(program, contract.dialect, document, sides, tmp_path)


def fuzzed(
    program: Schemathesis, dialect: str, document: Body, sides: dict[str, Side], folder: Path
) -> None:
    first, second = (sides[engine] for engine in ENGINES)
    headers, theirs = (side.world.dialects[dialect].headers for side in (first, second))
    report, sent, said = fuzz(program, first.server, document, headers, folder)
    assert (report["failures"], report["errors"]) == ([], []), said[-8000:]
    assert report["complete"], said[-2000:]
    assert report["operations"]["tested"] == report["operations"]["total"] > 0
    assert report["test_cases"]["generated"] >= CASES
    accepted = [rate["fuzzing"]["accepted"] for rate in report["valid_rates"].values()]
    assert sum(accepted) > 0, "the credentials and some of the requests are taken"
    first.server.verify()

    assert len(sent) >= report["test_cases"]["generated"]
    names = Names({headers[name]: theirs[name] for name in headers})
    send_again(sent, document, second.server, names)
    second.server.verify()


def operations(document: Body) -> list[Body]:
    """Every operation of a document."""
    return [
        one for path in document["paths"].values() for name, one in path.items() if name in METHODS
    ]
