"""The three documents against a running server: generated requests, and answers of real orders.

ENTREPOT_FUZZ_CASES sets how many requests are generated for each dialect at least.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from tests.contracts import Contract, konvo, polinate, published, synq

from entrepot.testing.clients import Body, World, konvo_order, order_number
from entrepot.testing.server import Server

CASES = int(os.environ.get("ENTREPOT_FUZZ_CASES", "400"))
SEED = 20260101
DIALECTS = ("synq", "polinate", "konvo")
CONTRACTS = (synq.CONTRACT, polinate.CONTRACT, konvo.CONTRACT)
METHODS = {"get", "put", "post", "patch", "delete"}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


def address(server: Server, dialect: str) -> str:
    return f"{server.url}/openapi/{dialect}.json"


def fuzz(server: Server, document: Body, headers: dict[str, str], folder: Path) -> tuple[Body, str]:
    """Runs schemathesis on a document with valid credentials; its report, and what it printed."""
    operations = sum(len(METHODS & set(path)) for path in document["paths"].values())
    # One of them may have fewer different requests than its share.
    share = math.ceil(CASES / max(1, operations - 1))
    report, kept = folder / "report.json", folder / "openapi.json"
    kept.write_text(json.dumps(document))
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", str(kept)),
        *("--url", server.url, "--checks", ",".join(CHECKS)),
        *("--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color"),
        *("--max-examples", str(share), "--seed", str(SEED)),
        *("--generation-database", "none", "--suppress-health-check", "all"),
        *("--report", "json", "--report-json-path", str(report)),
    ]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    ran = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    assert report.exists(), said
    return json.loads(report.read_text()), said


@pytest.mark.parametrize("dialect", DIALECTS)
def test_generated_requests_get_documented_answers(
    dialect: str, server: Server, world: World, tmp_path: Path
) -> None:
    document = httpx.get(address(server, dialect), timeout=30).json()
    _fuzzed(server, document, world.dialects[dialect].headers, tmp_path)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.dialect)
def test_requests_of_a_published_document_get_documented_answers(
    contract: Contract, server: Server, world: World, tmp_path: Path
) -> None:
    headers = world.dialects[contract.dialect].headers
    document = published.document(contract)
    if contract is polinate.CONTRACT:
        # The example of the document says so: a notification names the business of its caller.
        body = document["paths"]["/api/v1/orders"]["post"]["requestBody"]
        members = body["content"]["application/json"]["schema"]["properties"]
        members["businessId"]["enum"] = [world.polinate.business_id]
    _fuzzed(server, document, headers, tmp_path)


def _fuzzed(server: Server, document: Body, headers: dict[str, str], folder: Path) -> None:
    report, said = fuzz(server, document, headers, folder)
    assert (report["failures"], report["errors"]) == ([], []), said[-8000:]
    assert report["complete"], said[-2000:]
    assert report["operations"]["tested"] == report["operations"]["total"] > 0
    assert report["test_cases"]["generated"] >= CASES
    accepted = [rate["fuzzing"]["accepted"] for rate in report["valid_rates"].values()]
    assert sum(accepted) > 0, "the credentials and some of the requests are taken"
    server.verify()


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
    ]


def test_real_answers_are_as_documented(server: Server, world: World) -> None:
    """Generated ids hit no order, so the answers about real ones are compared on their own."""
    schemas = {
        dialect: schemathesis.openapi.from_url(address(server, dialect)) for dialect in DIALECTS
    }
    for dialect, method, path, sent in real_requests(world):
        operation = schemas[dialect][path][method]
        media = {"media_type": "application/json"} if "body" in sent else {}
        case = operation.Case(**(sent | media))
        response = case.call(base_url=server.url, headers=world.dialects[dialect].headers)
        assert response.status_code in {200, 201}, f"{method} {path}: {response.text}"
        operation.validate_response(response)
