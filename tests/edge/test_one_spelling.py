"""Which address a path is, which methods it takes, and what every answer says to browsers."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from entrepot.core.refusal import Reason, Refusal
from entrepot.core.scopes import MEANINGS
from entrepot.edge import reference
from entrepot.edge.access import Principal
from entrepot.edge.app import build_app
from entrepot.edge.dialect import Call, Dialect
from entrepot.edge.dialects import ALL
from entrepot.edge.paths import Paths
from entrepot.edge.services import Services
from entrepot.writer.envelope import Answer
from entrepot.writer.news import News

BY_NAME = {dialect.name: dialect for dialect in ALL}
DIALECTS = pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
ORDER = "01890a5d-ac96-774b-bcce-b302099a8057"
LISTS = {"synq": "/api/v1/oms/orders", "konvo": "/orders", "polinate": "/api/v1/orders",
         "native": "/v1/orders"}  # fmt: skip


class Admits:
    """Credentials that are always right, and a rate that is never too high."""

    def seconds_to_wait(self, _org: int) -> float:
        return 0.0


def echoing(dialect: Dialect) -> Dialect:
    """The dialect, whose handlers say what they were called with, to whoever comes."""

    async def handler(call: Call) -> Answer:
        return Answer(200, f'"{call.method} {dict(call.path_ids)}"'.encode())

    async def authenticate(_headers: Mapping[str, str], _services: Services) -> Principal:
        return Principal(1, b"o" * 16, b"t" * 16, "ADMIN", scopes=frozenset(MEANINGS))

    operations: Any = tuple(replace(one, handler=handler) for one in dialect.operations)
    return replace(dialect, operations=operations, authenticate=authenticate)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    writer = SimpleNamespace(news=News())
    services: Any = Services(None, writer, Admits())  # type: ignore[arg-type]
    app: Any = build_app(
        services, [echoing(one) for one in ALL], reference.pages(), lambda: "request-1"
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def at(client: httpx.AsyncClient, path: str, method: str = "GET") -> httpx.Response:
    """The answer at exactly this path, which no client has made better on the way."""
    raw, _, query = path.partition("?")
    request = client.build_request(method, "/")
    spelled = httpx.ASGITransport(app=_Respelled(client, raw.encode(), query.encode()))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=spelled, base_url="http://test") as other:
        return await other.send(request)


class _Respelled:
    """The application behind a client, called with another path."""

    def __init__(self, client: httpx.AsyncClient, raw_path: bytes, query: bytes) -> None:
        transport: Any = client._transport
        self._app = transport.app
        self._scope = {
            "raw_path": raw_path, "path": unquote(raw_path.decode()), "query_string": query,
        }  # fmt: skip

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope | self._scope, receive, send)


SPELLINGS = [
    "/api/v1%2foms/orders", "/api/v1%2Foms/orders", "/api/v1/oms//orders", "//api/v1/oms/orders",
    "/api/v1/oms/orders/", "/api/v1/oms/./orders", "/api/v1/x/../oms/orders",
    "/api/v1/%6Fms/orders", "/API/v1/oms/orders", "/api/v1/oms/orders;a=b", "/api/v1/oms/orders%20",
    "/api/v1/oms/orders/.", "/orders/", "//orders", "/%6frders", "/orders%3Flimit=1",
    "/api/v1/orders/", "/api/v1//orders",
    f"/orders/{ORDER}/", f"/orders//{ORDER}", f"/orders/%30{ORDER[1:]}", f"/orders/./{ORDER}",
    f"/orders%2f{ORDER}", f"/api/v1/oms/orders/{ORDER[:-1]}%37", "/orders/..", "/orders/%2e%2e",
    "/orders/%zz", "/orders/%", "/orders/%ff", "/reference/synq/", "/reference//synq",
    "/reference%2fsynq", "/openapi/synq%2ejson", "/openapi/../openapi/synq.json", "/./orders",
]  # fmt: skip


@pytest.mark.parametrize("path", SPELLINGS)
async def test_a_path_has_one_spelling(client: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE"):
        assert (await at(client, path, method)).status_code == 404


@pytest.mark.parametrize(
    ("path", "id_"),
    [
        (f"/orders/{ORDER}", ORDER), ("/api/v1/orders/ord_1", "ord_1"),
        ("/api/v1/orders/a%2Fb%20c", "a/b c"), ("/api/v1/orders/%C3%BC", "ü"),
        ("/api/v1/orders/a:b@c", "a:b@c"), ("/api/v1/orders/a%25", "a%"),
    ],
)  # fmt: skip
async def test_an_id_is_one_segment_whatever_it_holds(
    client: httpx.AsyncClient, path: str, id_: str
) -> None:
    answer = await at(client, path)
    assert answer.status_code == 200
    assert repr(id_) in answer.text


def test_parameters_stand_anywhere_in_a_path() -> None:
    paths = Paths({"/a/{x}/b/{y}": 1, "/a/{x}": 2, "/a/b": 3})
    assert paths.find(b"/a/1/b/2") == (1, {"x": "1", "y": "2"})
    assert paths.find(b"/a/1") == (2, {"x": "1"})
    assert paths.find(b"/a/b") == (3, {})
    assert paths.find(b"/a/1/c/2")[0] is None


NOWHERE = {
    "synq": [
        "/unified", "/unified/webhook/x", "/unified/sync/push/order", "/api/v1/pim",
        "/v1/unified",
        "/api/v1/onboard", "/api/v1/team-workspace/teams", "/api/v1/tickets", "/api/v1/ucp/x.json",
        "/api/v1/agent-stream", "/api/v1/pim/nothing", "/api/v1/settings/x",
        "/api/v1/oms/orders/a/b", "/api/v1/oms",
    ],
    "polinate": [
        "/api/v1/items/a/b", "/api/v1/pricing/x", "/api/v1/orders/a/b", "/api/v1/invoices/x/y",
    ],
    "konvo": ["/contacts/x", "/broadcasts/x", "/attributions/x", "/clicks/x", "/orders/a/b"],
    "native": ["/v1", "/v1/nothing", "/v1/orders/a/b"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name, paths in NOWHERE.items() for path in paths]
)
async def test_where_nothing_is_the_dialect_says_so(
    client: httpx.AsyncClient, name: str, path: str
) -> None:
    answer = await at(client, path)
    assert answer.status_code == 404
    media = "application/problem+json" if name == "native" else "application/json"
    assert answer.headers["content-type"] == media
    members = {"synq": "error", "konvo": "message", "polinate": "errorCode", "native": "type"}
    member = members[name]
    assert member in answer.json()
    assert answer.headers["x-request-id"] == "request-1"


@pytest.mark.parametrize("path", ["/v2/orders", "/api/v1/nothing", "/ordersx", "/favicon.ico"])
async def test_what_is_no_dialects_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    answer = await at(client, path)
    assert answer.json() == {"type": "about:blank", "title": "Not Found", "status": 404}
    assert answer.headers["content-type"] == "application/problem+json"


@DIALECTS
@pytest.mark.parametrize("method", ["DELETE", "TRACE", "PUT", "CONNECT", "LOCK"])
@pytest.mark.parametrize("one", [False, True], ids=["list", "one"])
async def test_another_method_is_refused_in_the_dialect(
    client: httpx.AsyncClient, dialect: Dialect, method: str, one: bool
) -> None:
    path = LISTS[dialect.name] + (f"/{ORDER}" if one else "")
    answer = await at(client, path, method)
    assert answer.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["allow"].split(", "))
    assert answer.content == dialect.refuse(Refusal(Reason.METHOD_NOT_ALLOWED), "request-1").body


@DIALECTS
async def test_head_is_get_without_a_body(client: httpx.AsyncClient, dialect: Dialect) -> None:
    for path in (LISTS[dialect.name], f"{LISTS[dialect.name]}/{ORDER}"):
        head, got = await at(client, path, "HEAD"), await at(client, path)
        assert head.status_code == got.status_code == 200
        assert head.headers == got.headers


@pytest.mark.parametrize("name", ["synq", "polinate"])
@pytest.mark.parametrize(
    "query", ["createdsince=2030-01-01", "status_=x", "=x", "Limit=1", "limit=1&foo", "%00=1"]
)
async def test_a_query_that_nobody_knows_is_refused(
    client: httpx.AsyncClient, name: str, query: str
) -> None:
    for path in (LISTS[name], f"{LISTS[name]}/{ORDER}"):
        answer = await at(client, f"{path}?{query}")
        assert answer.status_code == 400
        assert "is no query parameter" in answer.text


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("status=paid", "status"), ("limit=1&Page=2&a%22b=1&a%22b=2", "Page, a%22b"),
        ("x%0d%0aSet-Cookie:%20a=b=1", "x%0D%0ASet-Cookie%3A%20a"),
    ],
)  # fmt: skip
async def test_konvo_names_what_it_does_not_know(
    client: httpx.AsyncClient, query: str, named: str
) -> None:
    answer = await at(client, f"/orders?{query}")
    assert answer.status_code == 200
    assert answer.headers["warning"] == f'299 - "unknown query parameters: {named}"'
    assert "warning" not in (await at(client, "/orders?limit=1")).headers


async def test_a_query_of_thousands_of_names_is_refused(client: httpx.AsyncClient) -> None:
    # The handlers of a dialect with `own_query` look at the query themselves.
    for path in [path for name, path in LISTS.items() if not BY_NAME[name].own_query]:
        answer = await at(client, path + "?" + "&".join(f"a{number}" for number in range(5_000)))
        assert answer.status_code == 400


@pytest.mark.parametrize("name", ["polinate", "konvo"])
@pytest.mark.parametrize(
    "headers",
    [
        {}, {"content-type": "text/plain"}, {"content-type": "application/xml"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {"content-type": "multipart/form-data"}, {"content-type": "application/jsonp"},
    ],
)  # fmt: skip
async def test_a_body_that_cannot_be_taken_is_a_bad_request(
    client: httpx.AsyncClient, name: str, headers: dict[str, str]
) -> None:
    answer = await client.post(LISTS[name], content=b"{}", headers=headers)
    assert answer.status_code == 400
    assert "error" in answer.json() or answer.json()["errorCode"] == "VALIDATION_ERROR"


async def test_a_preflight_of_synq_is_answered(client: httpx.AsyncClient) -> None:
    asked = {
        "origin": "https://shop.example", "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-tenant-id,x-org-id,content-type",
    }  # fmt: skip
    answer = await client.options(LISTS["synq"], headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert set(asked["access-control-request-headers"].split(",")) <= set(allowed)
    got = await client.get(LISTS["synq"], headers={"origin": "https://shop.example"})
    assert got.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in (await client.get(LISTS["synq"])).headers


@pytest.mark.parametrize("name", ["polinate", "konvo"])
async def test_options_names_the_methods_and_lets_no_page_in(
    client: httpx.AsyncClient, name: str
) -> None:
    answer = await client.options(LISTS[name], headers={"origin": "https://shop.example"})
    assert answer.status_code == 204
    assert "POST" in answer.headers["allow"]
    assert "access-control-allow-origin" not in answer.headers


@DIALECTS
async def test_customers_data_is_kept_nowhere(client: httpx.AsyncClient, dialect: Dialect) -> None:
    for path in (LISTS[dialect.name], dialect.prefixes[-1] + "/nothing"):
        answer = await client.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


@DIALECTS
async def test_a_page_carries_out_its_own_style_and_nothing_else(
    client: httpx.AsyncClient, dialect: Dialect
) -> None:
    answer = await client.get(f"/reference/{dialect.name}")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    styles = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert len(styles) == 1
    assert base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode() in policy
    assert not re.search(r"<script|\son\w+=|\sstyle=|<img|<link", answer.text)
