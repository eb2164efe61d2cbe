"""The integration service, which connects shops: what is asked of it."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from entrepot.core.ids import dashed
from entrepot.core.integrations import Connection, Push, Pushed
from entrepot.core.products import ACTIVE, FullProduct
from entrepot.core.properties import Number, text_of
from entrepot.outbox.guarded import GuardedClient, Unreached

BODY_MAX = 64 * 1024
_PROVIDER_MAX = 100


class _Connected(msgspec.Struct):
    """The part of a connection that is read."""

    integration_type: str


_decode = msgspec.json.Decoder(_Connected).decode


def item(product: FullProduct) -> bytes:
    """A product as the integration service is told it. Prices are numbers, exact. A variant that
    has no price yet is told with none: a shop would sell it for nothing.
    """
    its = product.product
    variants = [
        {
            "id": dashed(one.variant.id), "name": one.details.name, "sku": one.variant.sku,
            "prices": [
                {"price": Number(one.variant.price.text()), "currency": one.variant.currency}
            ] if one.variant.currency else [],
        }
        for one in product.variants
    ]  # fmt: skip
    told = {
        "id": dashed(its.id), "name": its.name, "description": its.description,
        "vendor_name": its.vendor, "is_active": its.status == ACTIVE, "variants": variants,
    }  # fmt: skip
    return text_of(told).encode()


class Unconfirmed(Exception):
    """The service does not say what was asked; the text says why."""


class IntegrationService:
    """The client of one process. `key` is our key at the service, whose address is `url`."""

    def __init__(self, url: str, key: str, *, private: bool) -> None:
        self._url, self._key = url, key
        self._client = GuardedClient(private=private)

    async def provider(self, connection: str) -> str:
        """The platform of a connection, such as `shopify`. Raises Unconfirmed."""
        if not connection.strip("."):
            raise Unconfirmed("the integration service has no such connection")
        url = f"{self._url}/unified/connection/{quote(connection, safe='')}"
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        try:
            answer = await self._client.send("GET", url, headers, body_max=BODY_MAX)
        except Unreached as error:
            raise Unconfirmed(f"the integration service: {error}") from error
        if not answer.is_success:
            raise Unconfirmed(f"the integration service answered {answer.status}")
        try:
            found = _decode(answer.body or b"").integration_type.strip().lower()
        except msgspec.DecodeError as error:
            raise Unconfirmed("the integration service names no platform") from error
        if not 0 < len(found) <= _PROVIDER_MAX or not found.isprintable():
            raise Unconfirmed("the integration service names no platform")
        return found

    async def push(self, connection: Connection, told: Push, product: FullProduct | None) -> Pushed:
        """Tell a connection of a product, under our id of it: the same call again changes nothing.

        Without `product` the product is gone.
        """
        name = quote(connection.name, safe="")
        url = f"{self._url}/{connection.category}/{name}/item/{told.product_id}"
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        method, content = "DELETE", b""
        if product is not None:
            method, content = "PUT", item(product)
            headers["Content-Type"] = "application/json"
        try:
            answer = await self._client.send(method, url, headers, content)
        except Unreached as error:
            return Pushed(None, f"the integration service: {error}")
        return Pushed(answer.status)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def integration_service(url: str, key: str, private: bool) -> IntegrationService | None:
    """The client of the integration service at this address; None where the address is empty."""
    url = url.rstrip("/")
    return IntegrationService(url, key, private=private) if url else None
