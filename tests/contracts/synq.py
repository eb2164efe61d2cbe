"""The facts of Synq's order operations, from seed 004.

The seed's text has lost its field names and its status codes. Meanings, limits, defaults and the
three headers are the seed's own; names and statuses come from other sources (docs/sources.md), each
marked so. Members that the seed does not call optional are read as required in an answer; in the
request only the three that docs/sources.md names are.
"""

from . import Body, Contract, Operation, Parameter, Response, Shape

TEXT = Shape("string")
UUID = Shape("string", format="uuid")


def _named(page: str) -> str:
    """Give the source of a fact whose meaning is the seed's and whose name is the contract's."""
    return f"seed 004, name per {page} (docs/sources.md)"


# A specification ignores a parameter called Authorization, so a security scheme may say it.
HEADERS = (
    Parameter("Authorization", "header", TEXT, required=True, scheme_may_carry=True),
    Parameter("X-Tenant-ID", "header", UUID, required=True, scheme_may_carry=True),
    Parameter("X-Org-ID", "header", UUID, required=True, scheme_may_carry=True),
)

ORDER = Shape(
    "object",
    members={"id": UUID, "status": TEXT},
    required=("id", "status"),
    source=_named("code"),
)

LIST = Operation(
    "GET",
    "/api/v1/oms/orders",
    "seed 004",
    parameters=(
        *HEADERS,
        Parameter("limit", "query", Shape("integer", default=50, maximum=100), required=False),
        Parameter("offset", "query", Shape("integer", default=0), required=False),
    ),
    responses=(
        Response(
            200,
            Shape(
                "object",
                members={
                    "orders": Shape("array", items=ORDER),
                    "limit": Shape("integer"),
                    "offset": Shape("integer"),
                },
                required=("orders", "limit", "offset"),
            ),
            source=_named("page api/orders"),
        ),
    ),
)

READ = Operation(
    "GET",
    "/api/v1/oms/orders/{orderID}",
    "seed 004",
    parameters=(*HEADERS, Parameter("orderID", "path", UUID, required=True)),
    responses=(Response(200, ORDER, source=_named("code")),),
)

CREATE = Operation(
    "POST",
    "/api/v1/oms/orders",
    "seed 004",
    parameters=HEADERS,
    body=Body(
        Shape(
            "object",
            members={
                "idempotency_key": Shape("string", source="seed 004"),
                "payment_provider": TEXT,
                "payment_reference": TEXT,
                "customer_id": Shape("string", format="uuid", nullable=None),
                "currency": Shape("string", nullable=None, default="USD"),
                "channel": Shape("string", nullable=None),
                "source_platform": Shape("string", nullable=None),
                "items": Shape("array", nullable=None, items=Shape("object", nullable=None)),
            },
            required=("idempotency_key", "payment_provider", "payment_reference"),
            unsaid=("items",),
            source=_named("page guides/orders and code"),
        ),
        required=True,
    ),
    responses=(
        Response(
            201,
            Shape("object", members={"order_id": UUID}, required=("order_id",)),
            source="seed 004, name and status per page api/overview (docs/sources.md)",
        ),
    ),
)

CONTRACT = Contract("synq", (LIST, READ, CREATE))
