"""The facts of Konvo's order creation, from seed 003.

The specification gives the answer's order members but neither a type for the order itself, which
is read as object, nor any required member of it. An array without a stated minimum may be empty.
"""

from . import Body, Contract, Operation, Response, Scheme, Shape

TEXT = Shape("string")
NUMBER = Shape("number")

ERROR = Shape(
    "object",
    members={"error": Shape("integer", format="int32"), "message": TEXT},
    required=("error", "message"),
)

USER_ID = Shape(
    "object",
    members={"type": Shape("string", enum=("phone", "email", "handle")), "id": TEXT},
    required=("type", "id"),
)

CUSTOMER = Shape(
    "object",
    members={
        "id": TEXT,
        "firstName": TEXT,
        "lastName": TEXT,
        "userIds": Shape("array", items=USER_ID, min_items=0),
    },
    required=("id", "firstName", "lastName"),
)

ITEM = Shape(
    "object",
    members={
        "id": TEXT,
        "sku": TEXT,
        "name": TEXT,
        "description": TEXT,
        "price": NUMBER,
        "msrp": NUMBER,
        "imageUrl": TEXT,
        "currency": TEXT,
        "available": Shape("boolean"),
        "inventoryQuantity": NUMBER,
        "quantity": NUMBER,
    },
    required=("id", "sku", "name", "description", "price", "msrp", "imageUrl", "currency"),
)

ADDRESS = Shape(
    "object",
    members={
        "firstName": TEXT,
        "lastName": TEXT,
        "addressLineOne": TEXT,
        "addressLineTwo": TEXT,
        "zipCode": TEXT,
        "city": TEXT,
        "countryCode": TEXT,
        "state": TEXT,
        "latitude": TEXT,
        "longitude": TEXT,
        "company": TEXT,
        "phone": TEXT,
    },
    required=(
        "firstName",
        "lastName",
        "addressLineOne",
        "addressLineTwo",
        "zipCode",
        "city",
        "countryCode",
    ),
)

STATUS = Shape(
    "string",
    enum=(
        "open",
        "paid",
        "refunded",
        "partially_refunded",
        "cancelled",
        "disputed",
        "completed",
        "shipped",
        "fulfilled",
    ),
)
SHIPMENT_STATUS = Shape(
    "string",
    enum=(
        "none",
        "confirmed",
        "in_transit",
        "out_for_delivery",
        "attempted_delivery",
        "ready_for_pickup",
        "delivered",
        "failure",
    ),
)

ORDER_INPUT = Shape(
    "object",
    members={
        "id": TEXT,
        "externalId": TEXT,
        "friendlyName": TEXT,
        "customer": CUSTOMER,
        "orderTotal": NUMBER,
        "currency": TEXT,
        "items": Shape("array", items=ITEM, min_items=0),
        "metadata": Shape("object", free=True),
        "status": STATUS,
        "shipmentStatus": SHIPMENT_STATUS,
        "source": Shape("string", enum=("online", "in_store")),
        "trackingUrl": TEXT,
        "address": ADDRESS,
    },
    required=("id", "friendlyName", "customer", "orderTotal", "currency", "items"),
)

ORDER = Shape(
    "object",
    members={
        "id": TEXT,
        "contactId": TEXT,
        "externalName": TEXT,
        "externalId": TEXT,
        "firstName": TEXT,
        "lastName": TEXT,
        "email": TEXT,
        "phoneNumber": TEXT,
        "orderTotal": NUMBER,
        "currency": TEXT,
        "channel": TEXT,
        "status": TEXT,
        "trackingUrl": TEXT,
        "createdAt": TEXT,
        "updatedAt": TEXT,
        "shopId": TEXT,
    },
)

CREATE = Operation(
    "POST",
    "/orders",
    "seed 003",
    parameters=(),
    security=("apiKeyAuth",),
    body=Body(Shape("array", items=ORDER_INPUT, min_items=1), required=True),
    responses=(
        Response(
            201,
            Shape(
                "object",
                members={"count": Shape("integer"), "result": Shape("array", items=ORDER)},
            ),
        ),
        Response(400, ERROR),
    ),
)

CONTRACT = Contract(
    "konvo",
    (CREATE,),
    schemes=(Scheme("apiKeyAuth", "header", "x-api-key", "seed 003"),),
)
