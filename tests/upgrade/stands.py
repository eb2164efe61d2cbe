"""Orders of every kind, brought by requests to every stand that a client can bring them to."""

from __future__ import annotations

import hashlib
import itertools
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.upgrade.talking import Answer, Request, Talk, written

Body = dict[str, Any]

SYNQ, POLINATE, KONVO = "/api/v1/oms/orders", "/api/v1/orders", "/orders"
PHASES = ("PENDING", "ACTIVE", "ARCHIVED", "REJECTED", "CANCELLED", "DELETED")
STATUSES = (
    "UNASSIGNED", "ACCEPTED", "PACKED", "IN_TRANSIT", "DELIVERED", "RETURNED", "NOT_APPLICABLE",
)  # fmt: skip
KONVO_WORDS = (
    None, "open", "paid", "shipped", "fulfilled", "completed", "refunded", "partially_refunded",
    "disputed", "cancelled",
)  # fmt: skip
PARCEL_WORDS = (
    None, "none", "confirmed", "in_transit", "out_for_delivery", "attempted_delivery",
    "ready_for_pickup", "delivered", "failure",
)  # fmt: skip
TODAY = "the day on which the order is placed"
# How confirmed orders go on: what Polinate tells of each, one after the other.
ROADS: tuple[tuple[Body, ...], ...] = (
    (),
    ({"status": "ACCEPTED"},),
    ({"status": "PACKED"},),
    ({"status": "NOT_APPLICABLE"},),
    ({"status": "NOT_APPLICABLE"}, {"phase": "ARCHIVED"}),
    ({"status": "PACKED"}, {"status": "IN_TRANSIT", "shippedAt": TODAY}),
    ({"status": "IN_TRANSIT"}, {"status": "DELIVERED"}),
    ({"status": "DELIVERED"}, {"status": "PACKED"}, {"phase": "ARCHIVED"}),
    ({"status": "DELIVERED"}, {"phase": "ARCHIVED"}, {"phase": "DELETED"}),
    ({"status": "DELIVERED"}, {"status": "RETURNED"}),
    ({"status": "IN_TRANSIT"}, {"status": "RETURNED"}),
    ({"phase": "CANCELLED"},),
    ({"phase": "CANCELLED"}, {"phase": "DELETED"}),
    ({"phase": "REJECTED"},),
    ({"phase": "REJECTED"}, {"phase": "DELETED"}),
    ({"notes": "ring twice\nthen wait"},),
    ({"properties": {"erp": {"number": "E-17", "rate": 1.10}}},),
    ({"externalReference": "PO-7", "deliveryAddress": "Pier 4\n20457 Hamburg"},),
    ({"phase": "PENDING"},),
    ({"expectedDeliveryAt": "2031-05-06T07:08:09.000Z"},),
)
# The same by Konvo's words of the order and of the parcel.
PARCELS = (
    ("fulfilled", "out_for_delivery"), ("fulfilled", "attempted_delivery"),
    ("shipped", "ready_for_pickup"), ("shipped", "failure"), ("completed", "delivered"),
    ("cancelled", "none"), ("paid", "confirmed"),
)  # fmt: skip


class Stands:
    """The requests of one round of orders of the organization `org`, each round with other ids."""

    def __init__(self, talk: Talk, org: int, seed: int, days: int = 0) -> None:
        """`days`: how many days from now the server's clock is."""
        self.talk = talk
        self.org = org
        self.seed = seed
        self.today = (datetime.now(UTC) + timedelta(days)).strftime("%Y-%m-%dT%H:%M:%S.567Z")
        self.chance = random.Random(f"{org}-{seed}")
        known = talk.organizations
        self.variants: list[Body] = known[0]["variants"]
        self.location: str = known[org]["synq"]["location_id"]
        self.business: str = known[org]["polinate"]["business_id"]

    def an_id(self) -> str:
        """A UUID that the next run draws as well."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def write(
        self, dialect: str, method: str, path: str, body: object, key: str | None = None
    ) -> Answer:
        """Send one write."""
        return self.talk.write(Request(self.org, dialect, method, path, written(body), key))

    # -------------------------------------------------------------- Synq

    def synq_line(self, place: int, price: float = 12.5, quantity: int = 1, **more: Any) -> Body:
        """A line of a variant that there is stock of; of another organization a line of none."""
        if self.org:
            return {"product_title": "Service", "unit_price": price, "quantity": quantity, **more}
        known = self.variants[place % len(self.variants)]
        return {
            "variant_id": known["id"], "location_id": self.location, "sku": known["sku"],
            "product_title": f"Article {place}", "unit_price": price, "quantity": quantity, **more,
        }  # fmt: skip

    def synq(self, reference: str, lines: list[Body] | None = None, **more: Any) -> Answer:
        """Place an order that is paid by this reference."""
        body: Body = {
            "idempotency_key": self.an_id(),
            "payment_provider": "stripe",
            "payment_reference": reference,
            "currency": "EUR",
            "channel": "web-storefront",
            "source_platform": "shopify",
            "items": lines or [self.synq_line(0, 12.5, 2), self.synq_line(1, 4.95, 3)],
        }
        return self.write("synq", "POST", SYNQ, body | more)

    def synq_kinds(self) -> list[Answer]:
        """Orders whose bodies differ in all that a body can differ in, and some refused ones."""
        mark = f"{self.org}-{self.seed}"
        loose = {"product_title": "Gift wrap, größte", "unit_price": 0, "quantity": 1}
        shared = f"pi_shared_{mark}"
        bodies: list[tuple[str, list[Body] | None, Body]] = [
            (f"pi_{mark}_1", None, {"currency": "JPY", "items": [self.synq_line(2, 1200, 7)]}),
            (f"pi_{mark}_2", [self.synq_line(0, 0.0125, 3)], {"currency": "KWD"}),
            (f"pi_{mark}_3", [self.synq_line(1, 3.3333, 3)], {"channel": None}),
            (f"pi_{mark}_4", [loose, self.synq_line(3)], {"source_platform": None}),
            (f"pi_{mark}_5", [loose | {"sku": f"WRAP-{mark}"}], {"currency": "USD"}),
            (f"pi_{mark}_6", [self.synq_line(4, requires_shipping=False, variant_title="A2")], {}),
            (f"pi_{mark}_7", None, {"total": 39.85, "tags": ["a"]}),
            (shared, [self.synq_line(5, 1.95, 10)], {}),
            (shared, [self.synq_line(5, 1.95, 11)], {}),
            (f"declined-{mark}", None, {}),
            (f"pi_{mark}_8", [self.synq_line(0, 1, 100_000_000)], {}),
            (f"pi_{mark}_9", [self.synq_line(0, 1, 1) for _ in range(12)], {}),
            (f"pi_{mark}_10", [], {"items": None, "line_items": [self.synq_line(1, 7, 1)]}),
            # A variant and a customer that nobody knows.
            (f"pi_{mark}_11", [loose | {"variant_id": self.an_id(),
                                        "location_id": self.location}], {}),
            (f"pi_{mark}_12", None, {"customer_id": self.an_id()}),
            # Refused, before anything is kept.
            (f"pi_{mark}_13", None, {"currency": "XXX"}),
        ]  # fmt: skip
        answers = [self.synq(reference, lines, **more) for reference, lines, more in bodies]
        # The second one is refused for its key; the fourth one's refusal is kept under its key.
        for delta, key in ((25, "add"), (26, "add"), (-1, "take"), (-1_000_000_000, "all")):
            told = {
                "variant_id": self.variants[0]["id"], "location_id": self.location,
                "quantity_delta": delta,
            }  # fmt: skip
            self.write("synq", "POST", "/api/v1/inventory/adjust", told, f"{key}-{mark}")
        return answers

    def synq_for_roads(self, count: int) -> list[str]:
        """Plain orders: their ids."""
        mark = f"{self.org}-{self.seed}"
        made = [
            self.synq(f"pi_road_{mark}_{place}", [self.synq_line(place, 5.25, 1 + place % 3)])
            for place in range(count)
        ]
        return [answer.json["order_id"] for answer in made]

    # -------------------------------------------------------------- Polinate

    def polinate(self, quantities: dict[int, int], key: str | None = None, **more: Any) -> Answer:
        """Make an order of these variants."""
        lines = [
            {"itemVariantId": "var_" + self.variants[place]["id"].replace("-", ""),
             "quantity": quantity, "price": f"{place + 10}.25"}
            for place, quantity in quantities.items()
        ]  # fmt: skip
        body: Body = {
            "currency": "EUR",
            "expectedDeliveryAt": "2030-01-15T10:30:00.000Z",
            "orderItems": lines,
        }
        return self.write("polinate", "POST", POLINATE, body | more, key)

    def polinate_kinds(self) -> list[str]:
        """Orders whose bodies differ, and what is told of their lines afterwards: their ids."""
        mark = f"{self.org}-{self.seed}"
        deep = {"sage": {"n": self.seed, "list": [1, 2.50, None, {"deep": True}]}, "a": {"b": "c"}}
        answers = [
            self.polinate({0: 1}, f"first-{mark}"),
            self.polinate({0: 2, 3: 1}, f"second-{mark}", externalReference=f"PO-{mark}"),
            self.polinate({1: 3}, None, properties=deep, notes="x" * 600),
            self.polinate(
                {2: 1}, f"third-{mark}", deliveryAddress="Kai 7\nHamburg", currency="USD"
            ),
            self.polinate({3: 4}, f"fourth-{mark}", properties={"a": {"b": "d"}, "z": "1e5"}),
            self.polinate({4: 1}, f"fifth-{mark}", membershipId="m-1", integrationId="i-1"),
            self.polinate({5: 99}, f"sixth-{mark}", totalAmount="1509.75"),
            self.polinate({5: 1}, f"seventh-{mark}", totalAmount="3.00"),
            # Refused for a customer that nobody knows, and the refusal is kept under the key.
            self.polinate({5: 1}, f"eighth-{mark}", partnershipId="prt_" + "0" * 32),
        ]
        made = [answer.json["id"] for answer in answers if answer.status == 201]
        for place, answer in enumerate(answers[:4]):
            self._change_lines(answer.json, place, f"change-{mark}-{place}")
        return made

    def _change_lines(self, order: Body, place: int, key: str) -> None:
        line = order["orderItems"][0]["id"]
        added = {"itemVariantId": "var_" + self.variants[5]["id"].replace("-", ""),
                 "quantity": 2, "price": "1.9500", "unitOfMeasure": "box",
                 "properties": {"colour": "blue"}}  # fmt: skip
        changes: list[Body] = [
            {"createOrderItems": [added], "order": {"notes": "one more"}},
            {"deleteOrderItems": [line]},
            {"updateOrderItems": [{"id": line, "quantity": 5, "price": "7.125", "cost": "3"}]},
            {"updateOrderItems": [{"id": line, "properties": {"lot": "L-1"}}],
             "order": {"properties": {"erp": {"number": f"E-{place}"}}}},
        ]  # fmt: skip
        self.change(order["id"], changes[place], key)

    def change(self, order_id: str, changes: Body, key: str | None = None) -> Answer:
        """Change an order through Polinate."""
        return self.write("polinate", "PATCH", f"{POLINATE}/{order_id}", changes, key)

    def along(self, order_id: str, road: tuple[Body, ...]) -> None:
        """Tell what a road tells, each telling under a key."""
        number = order_id.replace("-", "")
        for place, told in enumerate(road):
            dated = {name: self.today if text is TODAY else text for name, text in told.items()}
            self.change(f"ord_{number}", {"order": dated}, f"road-{number}-{place}")

    def notify(self, order_id: str) -> Answer:
        """Say that an order exists elsewhere."""
        text = f"{order_id}-{self.business}-order-integration"
        body = {"orderId": order_id, "businessId": self.business}
        return self.write(
            "polinate", "POST", POLINATE, body, hashlib.sha256(text.encode()).hexdigest()
        )

    # -------------------------------------------------------------- Konvo

    def konvo_order(self, name: str, **more: Any) -> Body:
        """An order of one line."""
        item = {
            "id": "shop-variant-1", "sku": "SHOP-1", "name": "Red / M", "description": "A shirt",
            "price": 2999, "msrp": 3999, "imageUrl": "https://example.org/shirt.png",
            "currency": "EUR", "quantity": 2,
        }  # fmt: skip
        order = {
            "id": f"shop-{self.org}-{self.seed}-{name}", "friendlyName": f"#{self.seed}{name}",
            "customer": {"id": f"c-{name}", "firstName": "Ada", "lastName": "Byron",
                         "userIds": [{"type": "email", "id": f"ada{name}@example.org"}]},
            "orderTotal": 5998, "currency": "EUR", "items": [item],
        }  # fmt: skip
        return {key: value for key, value in (order | more).items() if value is not None}

    def konvo(self, *orders: Body) -> Answer:
        """Tell of orders."""
        return self.write("konvo", "POST", KONVO, list(orders))

    def konvo_kinds(self, words: int = len(KONVO_WORDS) * len(PARCEL_WORDS)) -> list[str]:
        """Orders of every pair of words, some told again otherwise, and odd ones: their ids."""
        pairs = list(itertools.product(KONVO_WORDS, PARCEL_WORDS))
        chosen = pairs if words >= len(pairs) else self.chance.sample(pairs, words)
        told = [
            self.konvo_order(f"{place}", status=status, shipmentStatus=parcel)
            for place, (status, parcel) in enumerate(chosen)
        ]
        answer = self.konvo(*told)
        assert answer.status == 201, answer
        made = [one["id"] for one in answer.json["result"]]
        for order in told[::7]:
            status, parcel = self.chance.choice(pairs)
            self.konvo(order | {"status": status or "open", "shipmentStatus": parcel or "none"})
        return [*made, *self._odd()]

    def _odd(self) -> list[str]:
        line = self.konvo_order("x")["items"][0]
        address = {
            "firstName": "Ada", "lastName": "Byron", "addressLineOne": "Pier 4",
            "addressLineTwo": "", "zipCode": "20457", "city": "Hamburg", "countryCode": "DE",
            "company": "Engines", "phone": "+49 40 1234567",
        }  # fmt: skip
        odd = [
            self.konvo_order("back", items=[line | {"quantity": -2, "price": 50}], orderTotal=-100),
            self.konvo_order("bare", items=[], orderTotal=0, status="completed"),
            self.konvo_order("part", orderTotal=1234.5, items=[line | {"price": 617.25}]),
            self.konvo_order("yen", currency="JPY", items=[line | {"currency": "jpy"}]),
            self.konvo_order("where", address=address, source="in_store", trackingUrl="https://t"),
            self.konvo_order("named", externalId=f"ext-{self.org}-{self.seed}",
                             metadata={"n": 1.50, "deep": {"list": [1, None, "ü"]}}),
            self.konvo_order("stock", items=[line | {"available": False, "inventoryQuantity": 3.5},
                                             {**line, "id": "", "sku": "", "name": "No id"}]),
            self.konvo_order("who", customer={"id": "", "firstName": "", "lastName": "",
                                              "userIds": [{"type": "phone", "id": "+4940999"},
                                                          {"type": "handle", "id": "@ada"}]}),
        ]  # fmt: skip
        answer = self.konvo(*odd)
        assert answer.status == 201, answer
        # A few without a quantity, told later with one.
        unmeasured = self.konvo_order("later")
        del unmeasured["items"][0]["quantity"]
        self.konvo(unmeasured)
        return [one["id"] for one in answer.json["result"]]

    def parcels(self, order_id: str, words: tuple[str, str]) -> Answer:
        """Tell words of an order that was placed in another dialect."""
        status, parcel = words
        return self.konvo(
            self.konvo_order("ours", id=order_id, status=status, shipmentStatus=parcel)
        )
