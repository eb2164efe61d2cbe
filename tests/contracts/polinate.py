"""The facts of Polinate's order operations, from seeds 000, 001 and 002.

Seed 001 is a rendered page, not a specification: it lists member names, types and requiredness,
but neither the members of nested objects nor whether an object may be null. Its example answer
shows order lines in a form that fits no schema of the seeds, so no fact is taken from it
(docs/sources.md). Its answer is labelled OK, which is read as status 200.
"""

from collections.abc import Mapping

from . import Body, Contract, Header, Operation, Parameter, Response, Shape

TEXT = Shape("string")
TEXT_OR_NULL = Shape("string", nullable=True)
NUMBER = Shape("number")
TIME = Shape("string", format="date-time")
TIME_OR_NULL = Shape("string", format="date-time", nullable=True)
UNNAMED_OBJECT = Shape("object", nullable=None)

ERROR = Shape(
    "object",
    members={
        "errorCode": TEXT,
        "message": TEXT,
        "fieldErrors": Shape("object", values=TEXT),
    },
    required=("errorCode", "message"),
)

PHASE = Shape(
    "string",
    enum=("DRAFT", "PENDING", "DELETED", "ACTIVE", "ARCHIVED", "REJECTED", "CANCELLED"),
)
STATUS = Shape(
    "string",
    enum=(
        "UNASSIGNED",
        "ACCEPTED",
        "PACKED",
        "IN_TRANSIT",
        "DELIVERED",
        "RETURNED",
        "NOT_APPLICABLE",
    ),
)

ORDER_ITEM = Shape(
    "object",
    members={
        "id": TEXT,
        "orderId": TEXT,
        "lineNumber": NUMBER,
        "itemListEntryId": TEXT,
        "itemListEntry": Shape(
            "object",
            members={
                "itemVariantId": TEXT,
                "itemVariant": Shape("object", members={"itemId": TEXT}, required=("itemId",)),
            },
            required=("itemVariantId", "itemVariant"),
        ),
        "quantity": NUMBER,
        "unitOfMeasure": TEXT,
        "currency": TEXT,
        "price": TEXT,
        "cost": TEXT,
        "properties": Shape("object", nullable=True, free=True),
        "createdAt": TIME,
        "updatedAt": TIME,
    },
    required=(
        "id",
        "orderId",
        "lineNumber",
        "itemListEntryId",
        "itemListEntry",
        "quantity",
        "unitOfMeasure",
        "currency",
        "price",
        "cost",
        "createdAt",
        "updatedAt",
    ),
)

# Members of an order that seeds 001 and 002 both have, each in its own answer.
ORDER_MEMBERS: Mapping[str, Shape] = {
    "id": TEXT,
    "partnershipId": TEXT,
    "membershipId": TEXT_OR_NULL,
    "integrationId": TEXT_OR_NULL,
    "phase": PHASE,
    "status": STATUS,
    "internalReference": TEXT,
    "externalReference": TEXT_OR_NULL,
    "notes": TEXT_OR_NULL,
    "deliveryAddress": TEXT_OR_NULL,
    "expectedDeliveryAt": TIME,
    "deliveredAt": TIME_OR_NULL,
    "shippedAt": TIME_OR_NULL,
    "currency": TEXT,
    "totalAmount": TEXT,
    "createdAt": TIME,
    "updatedAt": TIME,
}
ORDER_REQUIRED = (
    "id",
    "partnershipId",
    "internalReference",
    "expectedDeliveryAt",
    "currency",
    "totalAmount",
    "createdAt",
    "updatedAt",
)
ORDER_READ = Shape(
    "object",
    members={
        **ORDER_MEMBERS,
        "properties": Shape("object", nullable=True, free=True),
        "orderItems": Shape("array", items=ORDER_ITEM),
    },
    required=ORDER_REQUIRED,
)
ORDER_PATCHED = Shape(
    "object",
    members={
        **ORDER_MEMBERS,
        "properties": Shape("object", nullable=None, free=True),
        "orderItems": Shape("array", items=UNNAMED_OBJECT),
    },
    required=ORDER_REQUIRED,
)

# The four members are those that the example request of seed 001 sends.
ORDER_CHANGES = Shape(
    "object",
    nullable=None,
    members={
        "phase": Shape("string", nullable=None, shown=("ACTIVE",)),
        "status": Shape("string", nullable=None, shown=("PACKED",)),
        "externalReference": Shape("string", nullable=None),
        "notes": Shape("string", nullable=None),
    },
)

BUSINESS = Parameter("X-Business-Id", "header", TEXT, required=True)
API_KEY = Parameter("X-API-Key", "header", TEXT, required=True)
IDEMPOTENCY_KEY = Parameter("Idempotency-Key", "header", TEXT, required=False)
ORDER_ID = Parameter("id", "path", TEXT, required=True)
RATE_LIMITED = Response(429, ERROR, headers=(Header("Retry-After", TEXT),))

NOTIFY = Operation(
    "POST",
    "/api/v1/orders",
    "seed 000",
    operation_id="createOrder",
    parameters=(BUSINESS, API_KEY, IDEMPOTENCY_KEY),
    body=Body(
        Shape(
            "object",
            members={"orderId": TEXT, "businessId": TEXT},
            required=("orderId", "businessId"),
        ),
        required=True,
    ),
    responses=(
        Response(
            200,
            Shape("object", members={"success": Shape("boolean")}, required=("success",)),
        ),
        Response(400, ERROR),
        RATE_LIMITED,
        Response(500, ERROR),
    ),
)

READ = Operation(
    "GET",
    "/api/v1/orders/{id}",
    "seed 002",
    operation_id="getOrder",
    parameters=(ORDER_ID, BUSINESS, API_KEY),
    responses=(
        Response(200, ORDER_READ),
        Response(401, ERROR),
        Response(404, ERROR),
        RATE_LIMITED,
    ),
)

PATCH = Operation(
    "PATCH",
    "/api/v1/orders/{id}",
    "seed 001",
    parameters=(ORDER_ID, BUSINESS, API_KEY, IDEMPOTENCY_KEY),
    body=Body(
        Shape(
            "object",
            members={
                "order": ORDER_CHANGES,
                "createOrderItems": Shape("array", nullable=None, items=UNNAMED_OBJECT),
                "updateOrderItems": Shape("array", nullable=None, items=UNNAMED_OBJECT),
                "deleteOrderItems": Shape(
                    "array", nullable=None, items=Shape("string", nullable=None)
                ),
            },
        ),
        required=None,
    ),
    responses=(Response(200, ORDER_PATCHED),),
)

CONTRACT = Contract("polinate", (NOTIFY, READ, PATCH))
