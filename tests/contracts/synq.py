"""The facts of Synq's order operations, from seed 004.

The seed's text has lost its field names and its status codes. Meanings, limits, defaults and the
three headers are the seed's own; names and statuses come from contracts/synq.md section 3, each
marked so. Members that the seed does not call optional are read as required in an answer; in the
request only the three that contracts/synq.md 3.4 confirms are.
"""

from . import Body, Contract, Operation, Parameter, Response, Shape

TEXT = Shape("string")
UUID = Shape("string", format="uuid")


def _named(section: str) -> str:
    """Give the source of a fact whose meaning is the seed's and whose name is the contract's."""
    return f"seed 004, name per contracts/synq.md {section}"


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
    source=_named("3.3"),
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
            source=_named("3.1"),
        ),
    ),
)

READ = Operation(
    "GET",
    "/api/v1/oms/orders/{orderID}",
    "seed 004",
    parameters=(*HEADERS, Parameter("orderID", "path", UUID, required=True)),
    responses=(Response(200, ORDER, source=_named("3.2")),),
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
            source=_named("3.4"),
        ),
        required=True,
    ),
    responses=(
        Response(
            201,
            Shape("object", members={"order_id": UUID}, required=("order_id",)),
            source="seed 004, name and status per contracts/synq.md 3.5",
        ),
    ),
)

CONTRACT = Contract("synq", (LIST, READ, CREATE))
