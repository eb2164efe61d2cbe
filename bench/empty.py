"""The yardstick: a server that takes Synq's order, checks its shape, and does nothing with it.

The same stack, server settings and body as the product's; `python -m bench.empty --port P` serves.
"""

from __future__ import annotations

import argparse
import gc

import msgspec
from litestar import Litestar, asgi, post
from litestar.types import Receive, Scope, Send

from entrepot import settings
from entrepot.cli.serve import Server
from entrepot.edge.reply import JSON
from entrepot.edge.sending import send_answer
from entrepot.serving import server_config

LEAN = "/lean/api/v1/oms/orders"


class LineItem(msgspec.Struct):
    """A line, with plain numbers where the product reads their text."""

    product_title: str
    unit_price: float
    quantity: int
    variant_id: str | None = None
    location_id: str | None = None
    sku: str | None = None
    variant_title: str | None = None
    requires_shipping: bool = True


class CreateOrder(msgspec.Struct):
    """The members of Synq's order."""

    idempotency_key: str
    payment_provider: str
    payment_reference: str
    items: list[LineItem] = []
    line_items: list[LineItem] = []
    customer_id: str | None = None
    currency: str | None = None
    channel: str | None = None
    source_platform: str | None = None


class OrderCreated(msgspec.Struct):
    """The members of Synq's answer."""

    order_id: str
    workflow_id: str
    run_id: str


_ORDER = "01890a5d-ac96-774b-bcce-b302099a8057"
ANSWER = OrderCreated(_ORDER, f"order-{_ORDER}", "01890a5d-ac96-774b-bcce-b302099a8058")
_ENCODED = msgspec.json.encode(ANSWER)
_decode = msgspec.json.Decoder(CreateOrder).decode


@post("/api/v1/oms/orders")
async def empty(data: CreateOrder) -> OrderCreated:  # noqa: ARG001 - decoding it is the work
    """The framework's ordinary typed handler."""
    return ANSWER


@asgi(LEAN, copy_scope=False)
async def lean(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - the protocol's
    """The least that can be done: read the body, decode it, answer bytes that are there already."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return
        body += message["body"]
        more = message["more_body"]
    _decode(body)
    await send_answer(send, 201, JSON, _ENCODED, [])


async def _settle() -> None:
    # As the product does once it has started.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def application() -> Litestar:
    """Both handlers as one application."""
    return Litestar(
        [empty, lean], openapi_config=None, logging_config=None, debug=False, on_startup=[_settle]
    )


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bench.empty")
    parser.add_argument("--port", type=int, required=True)
    config = server_config("127.0.0.1", parser.parse_args().port, settings.load())
    config.app = "bench.empty:application"
    Server(config).run()


if __name__ == "__main__":
    main()
