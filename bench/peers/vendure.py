"""Vendure: its shop GraphQL API, seven calls an order, a server and a worker process."""

from __future__ import annotations

from typing import Any

import httpx

from bench.peers import driver, peer, processes
from bench.peers.driver import Failed
from bench.peers.peer import Peer

_API = "/shop-api"
_SHOWN = (
    "{ __typename ... on Order { id code state totalWithTax } "
    "... on ErrorResult { errorCode message } }"
)
_ADD = f"mutation($id: ID!) {{ done: addItemToOrder(productVariantId: $id, quantity: 1) {_SHOWN} }}"
_CUSTOMER = (
    f"mutation($in: CreateCustomerInput!) {{ done: setCustomerForOrder(input: $in) {_SHOWN} }}"
)
_ADDRESS = (
    f"mutation($in: CreateAddressInput!) {{ done: setOrderShippingAddress(input: $in) {_SHOWN} }}"
)
_METHODS = "{ done: eligibleShippingMethods { id } }"
_METHOD = (
    f"mutation($ids: [ID!]!) {{ done: setOrderShippingMethod(shippingMethodId: $ids) {_SHOWN} }}"
)
_ARRANGE = f'mutation {{ done: transitionOrderToState(state: "ArrangingPayment") {_SHOWN} }}'
_PAY = f"mutation($in: PaymentInput!) {{ done: addPaymentToOrder(input: $in) {_SHOWN} }}"
_ITEMS = "{ items { variants { id sku } } }"
_GOODS = f"query($o: ProductListOptions) {{ done: products(options: $o) {_ITEMS} }}"
_PAGE = 100
_WHERE = {
    "fullName": "Ada Byron",
    "streetLine1": "Ring 1",
    "city": "Vienna",
    "postalCode": "1010",
    "countryCode": "AT",
}


class _OutOfStock(Exception):
    pass


class Vendure(Peer):
    """@vendure/core on PostgreSQL with its job queue, its dummy payment settling at once."""

    name = "Vendure"
    version = "@vendure/core 3.7.3"
    how = "1 server, 1 worker process; shop GraphQL API, 7 calls an order"
    programs = (("node", "server.js"), ("node", "worker.js"))
    sold_statement = (
        "SELECT coalesce(sum(l.quantity), 0) FROM order_line l "
        'JOIN "order" o ON o.id = l."orderId" '
        'JOIN product_variant v ON v.id = l."productVariantId" '
        f"WHERE v.sku = '{peer.FLASH}' AND o.state = 'PaymentSettled'"
    )

    def env(self) -> dict[str, str]:
        """Production, no telemetry."""
        return {
            "NODE_ENV": "production",
            "VENDURE_DISABLE_TELEMETRY": "true",
            "PEER_DATABASE_URL": self.url,
            "PEER_PORT": str(self.port),
        }

    def install(self) -> None:
        """Npm."""
        peer.npm(self)

    def prepare(self) -> None:
        """Its own populate function, with the schema made from its entities."""
        seeding = {"PEER_GOODS": peer.goods(), "PEER_SYNCHRONIZE": "1"}
        processes.run(
            ["node", "seed.js"], self.folder, self.env() | seeding, self.log, self.setting.limit
        )

    def ready_path(self) -> str:
        """The health check that its documentation names."""
        return "/health"

    def is_ready(self, answer: httpx.Response) -> bool:
        """Nothing but 200."""
        return answer.status_code == 200

    async def introduce(self, http: httpx.AsyncClient) -> None:
        """The variants' ids, and the one shipping method's, which wants an order to be asked."""
        self._variants: dict[str, str] = {}
        for page in range(0, peer.SKUS + 1, _PAGE):
            _, done = await self._call(http, "", _GOODS, o={"take": _PAGE, "skip": page})
            for product in done["items"]:
                self._variants |= {one["sku"]: one["id"] for one in product["variants"]}
        visitor, _ = await self._step(http, "", _ADD, id=self._variants[peer.sku(0)])
        await self._step(http, visitor, _ADDRESS, **{"in": _WHERE})
        _, methods = await self._call(http, visitor, _METHODS)
        self._method = methods[0]["id"]

    async def buy(self, http: httpx.AsyncClient, skus: list[str]) -> bool:
        """Add, add, customer, address, shipping, arrange, pay; complete when that settled."""
        visitor = ""
        try:
            for name in skus:
                visitor, _ = await self._step(http, visitor, _ADD, id=self._variants[name])
            who = {"firstName": "Ada", "lastName": "Byron", "emailAddress": peer.email()}
            await self._step(http, visitor, _CUSTOMER, **{"in": who})
            await self._step(http, visitor, _ADDRESS, **{"in": _WHERE})
            await self._step(http, visitor, _METHOD, ids=[self._method])
            await self._step(http, visitor, _ARRANGE)
            paid = {"method": "dummy", "metadata": {}}
            _, order = await self._step(http, visitor, _PAY, **{"in": paid})
        except _OutOfStock:
            return False
        if order["state"] != "PaymentSettled":
            raise Failed(f"the order's state is {order['state']}")
        return True

    async def _step(
        self, http: httpx.AsyncClient, visitor: str, query: str, **variables: Any
    ) -> tuple[str, Any]:
        visitor, done = await self._call(http, visitor, query, **variables)
        if done["__typename"] == "Order":
            return visitor, done
        if "STOCK" in done["errorCode"]:
            raise _OutOfStock
        raise Failed(f"{done['errorCode']}: {done['message']}")

    async def _call(
        self, http: httpx.AsyncClient, visitor: str, query: str, **variables: Any
    ) -> tuple[str, Any]:
        headers = {"Authorization": f"Bearer {visitor}"} if visitor else {}
        body = {"query": query, "variables": variables}
        answer = await driver.post(http, _API, body, **headers)
        told = answer.json()
        if answer.status_code != 200 or told.get("errors"):
            raise Failed(f"{answer.status_code}: {answer.text[:300]}")
        return answer.headers.get("vendure-auth-token", visitor), told["data"]["done"]
