"""Facts 534 to 612: Polinate's buyers."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
from tests.contracts.facts import Facts, House
from tests.contracts.facts.polinate_read import refused

from entrepot.testing.clients import Body, accepted

BUYERS = "/api/v1/buyers"
CREATE, GET = "page api-reference/buyers/create", "page api-reference/buyers/get"
PATCH, GUIDE = "page api-reference/buyers/patch", "page guides/buyers"
STATUSES: list[tuple[object, ...]] = [
    ("DECLINED",), ("PENDING",), ("REVIEW",), ("ACTIVE",), ("PAUSED",), ("SUSPENDED",),
    ("EXPIRED",), ("TERMINATED",),
]  # fmt: skip
PARTS: dict[str, Body] = {
    "emails": {"email": "orders@acme.example", "contactName": "Bo"},
    "phones": {"phone": "+61 2 9999 0000", "contactName": "Bo"},
    "locations": {"label": "Dock", "type": "WAREHOUSE", "addressLine1": "1 Quay St",
                  "city": "Sydney", "state": "NSW", "postcode": "2000", "country": "AU"},
}  # fmt: skip
facts = Facts("polinate buyers")


def post(house: House, body: Body, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return house.world.polinate.http.post(BUYERS, json=body, headers=headers)


def patch(house: House, id_: str, body: Body, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return house.world.polinate.http.patch(f"{BUYERS}/{id_}", json=body, headers=headers)


def made(house: House, **more: Any) -> Body:
    """The answer to a new buyer."""
    body: Body = accepted(post(house, {"buyer": {"name": "Acme Cafe"}} | more))
    return body


def read(house: House, id_: str) -> Body:
    body: Body = accepted(house.world.polinate.get(f"{BUYERS}/{id_}"), 200)
    return body


def whole(house: House) -> Body:
    """A buyer with all that a buyer can have."""
    core = {
        "name": "Acme Cafe", "legalName": "Acme Cafe Pty Ltd",
        "primaryEmail": f"{uuid.uuid4().hex}@acme.example", "primaryPhone": "+61 2 8888 0000",
        "properties": {"xero": {"contactId": "c1"}}, "buyerInfo": {"notes": "Ring twice"},
    }  # fmt: skip
    parts = {name: [dict(one)] for name, one in PARTS.items()}
    return read(house, made(house, buyer=core, **parts)["phantomId"])


def changed(house: House, id_: str, **body: Any) -> Body:
    """The buyer after a change; what is read later is the same."""
    after: Body = accepted(patch(house, id_, body), 200)
    assert read(house, id_) == after
    return after


def told_by_another(house: House) -> Body:
    """A buyer whom an order of another dialect brought."""
    order = house.world.konvo_created(status="paid")
    return read(house, order["contactId"])


@facts(534, "POST /api/v1/buyers: Created", CREATE)
@facts(535, "success: bool", CREATE)
def _(house: House) -> None:
    assert made(house)["success"] is True


@facts.each(536, [("phantomId",), ("partnershipId",)], "{0}: string", CREATE)
def _(house: House, member: str) -> None:
    body = made(house)
    assert set(body) == {"success", "phantomId", "partnershipId"}
    assert isinstance(body[member], str)


@facts(538, "buyer: object, required", CREATE)
def _(house: House) -> None:
    refused(post(house, {}), 400, "buyer")
    refused(post(house, {"buyer": "Acme"}), 400, "buyer")


@facts.each(539, [("name",), ("legalName",)], "buyer.{0}", CREATE)
def _(house: House, member: str) -> None:
    id_ = made(house, buyer={"name": "Acme", member: "Acme of old"})["phantomId"]
    assert read(house, id_)[member] == "Acme of old"


@facts.each(541, STATUSES, "partnershipStatus {0} on create", CREATE)
def _(house: House, status: str) -> None:
    assert read(house, made(house, partnershipStatus=status)["phantomId"])["partnershipStatus"] == (
        status
    )


@facts(549, "default ACTIVE", CREATE)
def _(house: House) -> None:
    assert read(house, made(house)["phantomId"])["partnershipStatus"] == "ACTIVE"
    refused(post(house, {"buyer": {"name": "A"}, "partnershipStatus": "OPEN"}), 400,
            "partnershipStatus")  # fmt: skip


@facts.each(550, [("phones",), ("emails",), ("locations",)], "{0}: object[] on create", CREATE)
def _(house: House, name: str) -> None:
    buyer = read(house, made(house, **{name: [PARTS[name]]})["phantomId"])
    [one] = buyer[name]
    assert PARTS[name].items() <= one.items()


@facts(553, "always makes a phantom buyer", GUIDE)
def _(house: House) -> None:
    mailbox = {"emails": [{"email": f"{uuid.uuid4().hex}@acme.example"}]}
    assert made(house, **mailbox)["phantomId"] != made(house, **mailbox)["phantomId"]


@facts(554, "phantom and phantom buyer have one id", GUIDE)
@facts(555, "the partnership is made with the buyer", GUIDE)
def _(house: House) -> None:
    body = made(house)
    buyer = read(house, body["phantomId"])
    assert (buyer["id"], buyer["partnershipId"]) == (body["phantomId"], body["partnershipId"])


@facts(556, "the Default Item List is linked to the partnership", CREATE)
def _(house: House) -> None:
    lists = {read(house, made(house)["phantomId"])["itemListId"] for _ in range(2)}
    assert len(lists) == 1
    assert lists != {None}


@facts(557, "contacts and locations can be added later", GUIDE)
def _(house: House) -> None:
    id_ = made(house)["phantomId"]
    create = {f"create{name.capitalize()}": [one] for name, one in PARTS.items()}
    after = changed(house, id_, **create)
    assert [len(after[name]) for name in PARTS] == [1, 1, 1]


@facts(558, "a repeated key gives the first result", GUIDE)
def _(house: House) -> None:
    key = uuid.uuid4().hex
    first, second = (post(house, {"buyer": {"name": "Acme"}}, key) for _ in range(2))
    assert first.content == second.content
    assert second.headers["Idempotent-Replayed"] == "true"
    refused(post(house, {"buyer": {"name": "Bo"}}, key), 409)


@facts(559, "Idempotency-Key is optional", CREATE)
def _(house: House) -> None:
    made(house)


@facts.each(560, [("X-Business-Id",), ("X-API-Key",)], "{0} on every operation", GET)
def _(house: House, header: str) -> None:
    id_ = made(house)["phantomId"]
    headers = {
        name: value for name, value in house.world.polinate.headers.items() if name != header
    }
    url = house.server.url + BUYERS
    for answer in (
        httpx.post(url, json={"buyer": {"name": "A"}}, headers=headers),
        httpx.get(f"{url}/{id_}", headers=headers),
        httpx.patch(f"{url}/{id_}", json={}, headers=headers),
    ):
        refused(answer, 401)


@facts(562, "GET /api/v1/buyers/{id} by the phantom id", GET)
def _(house: House) -> None:
    buyer = whole(house)
    assert read(house, buyer["id"]) == buyer
    refused(house.world.polinate.get(f"{BUYERS}/phm_{uuid.uuid4().hex}"), 404)


MEMBERS: list[tuple[object, ...]] = [
    ("id", str), ("name", str), ("legalName", str), ("partnershipId", str),
    ("partnershipStatus", str), ("itemListId", str), ("primaryEmail", str), ("primaryPhone", str),
    ("status", str), ("createdAt", str), ("updatedAt", str), ("deletedAt", type(None)),
    ("properties", dict), ("buyerInfo", dict), ("emails", list), ("phones", list),
    ("locations", list),
]  # fmt: skip


@facts.each(563, MEMBERS, "{0}", GET)
def _(house: House, member: str, type_: type) -> None:
    assert isinstance(whole(house)[member], type_)
    # Of a buyer whom others told, and of one of whom little is known, each member is there too.
    for buyer in (told_by_another(house), read(house, made(house)["phantomId"])):
        assert isinstance(buyer[member], (type_, type(None)))


_CONTACT = {"id", "contactName", "isPrimary", "isVerified", "verifiedAt", "sequence"}
_PLACE = {
    "id", "label", "type", "status", "addressLine1", "addressLine2", "city", "state", "postcode",
    "country",
}  # fmt: skip
PART_MEMBERS: list[tuple[object, ...]] = [
    ("emails", "members of an email", _CONTACT | {"email"}),
    ("phones", "members of a phone", _CONTACT | {"phone"}),
    ("locations", "members of a location", _PLACE),
]


@facts.each(580, PART_MEMBERS, "{1}", GET)
def _(house: House, name: str, _says: str, members: set[str]) -> None:
    for one in whole(house)[name]:
        assert set(one) == members


PREFIXES: list[tuple[object, ...]] = [
    ("eml_", lambda buyer: buyer["emails"][0]["id"]),
    ("phn_", lambda buyer: buyer["phones"][0]["id"]),
    ("loc_", lambda buyer: buyer["locations"][0]["id"]),
    ("prt_", lambda buyer: buyer["partnershipId"]),
    ("list_", lambda buyer: buyer["itemListId"]),
    ("phm_", lambda buyer: buyer["id"]),
]


@facts.each(583, PREFIXES, "the prefix {0}", GET)
def _(house: House, prefix: str, id_of: Any) -> None:
    assert id_of(whole(house)).startswith(prefix)


@facts(589, "the prefix pha_", GUIDE,
       ours="the reference writes phm_, which is shown; pha_ is taken as well")  # fmt: skip
def _(house: House) -> None:
    buyer = whole(house)
    assert read(house, buyer["id"].replace("phm_", "pha_")) == buyer


CORE: list[tuple[object, ...]] = [
    ("name", "Acme & Sons"), ("legalName", "Acme & Sons Pty Ltd"),
    ("primaryEmail", "new@acme.example"), ("primaryPhone", "+61 2 7777 0000"),
]  # fmt: skip


@facts.each(590, CORE, "PATCH: buyer.{0}", PATCH)
def _(house: House, member: str, value: str) -> None:
    before = whole(house)
    after = changed(house, before["id"], buyer={member: value})
    assert after[member] == value
    kept = {"updatedAt", member, "emails", "phones"}
    assert {n: v for n, v in after.items() if n not in kept} == {
        n: v for n, v in before.items() if n not in kept
    }


@facts.each(594, STATUSES, "PATCH: partnershipStatus {0}", PATCH)
def _(house: House, status: str) -> None:
    id_ = made(house)["phantomId"]
    assert changed(house, id_, partnershipStatus=status)["partnershipStatus"] == status


@facts(602, "PATCH: createPhones", PATCH)
def _(house: House) -> None:
    after = changed(house, made(house)["phantomId"], createPhones=[PARTS["phones"]])
    assert after["phones"][0]["phone"] == "+61 2 9999 0000"


@facts(603, "PATCH: updatePhones", PATCH)
def _(house: House) -> None:
    buyer = whole(house)
    id_ = buyer["phones"][0]["id"]
    after = changed(house, buyer["id"], updatePhones=[{"id": id_, "phone": "+61 2 6666 0000"}])
    assert after["phones"][0] == buyer["phones"][0] | {"phone": "+61 2 6666 0000"}


@facts(604, "PATCH: deletePhones", PATCH)
def _(house: House) -> None:
    buyer = whole(house)
    gone, *left = buyer["phones"]
    assert changed(house, buyer["id"], deletePhones=[gone["id"]])["phones"] == left
    refused(patch(house, buyer["id"], {"deletePhones": [gone["id"]]}), 400, "deletePhones[0]")


@facts.each(605, [("Emails", "email", "z@acme.example"), ("Locations", "city", "Perth")],
            "PATCH: create, update and delete {0}", PATCH)  # fmt: skip
def _(house: House, name: str, member: str, value: str) -> None:
    buyer, parts = whole(house), name.lower()
    first, *others = buyer[parts]
    after = changed(house, buyer["id"], **{f"update{name}": [{"id": first["id"], member: value}]})
    assert after[parts] == [first | {member: value}, *others]
    both = {f"delete{name}": [first["id"]], f"create{name}": [{member: f"y{value}"}]}
    after = changed(house, buyer["id"], **both)
    assert [one[member] for one in after[parts]] == [*[o[member] for o in others], f"y{value}"]


@facts(607, "PATCH answers the full buyer with all contacts", PATCH)
def _(house: House) -> None:
    buyer = whole(house)
    assert changed(house, buyer["id"]) == buyer


@facts(608, "core fields and contacts only of phantom buyers", PATCH)
def _(house: House) -> None:
    id_ = told_by_another(house)["id"]
    refused(patch(house, id_, {"buyer": {"name": "Bo"}}), 403, "buyer.name")
    for name, one in PARTS.items():
        create = f"create{name.capitalize()}"
        refused(patch(house, id_, {create: [one]}), 403, create)


@facts(609, "of a business buyer the partnership status can be changed", PATCH)
def _(house: House) -> None:
    buyer = told_by_another(house)
    after = changed(house, buyer["id"], partnershipStatus="PAUSED")
    assert after == buyer | {"partnershipStatus": "PAUSED", "updatedAt": after["updatedAt"]}


@facts(610, "only the owner of the partnership can change its status", PATCH)
def _(house: House) -> None:
    id_ = made(house)["phantomId"]
    other = house.other.polinate.http
    refused(other.patch(f"{BUYERS}/{id_}", json={"partnershipStatus": "PAUSED"}), 404)
    # Orders of nobody have a partnership that nobody owns.
    guest = house.placed()["partnershipId"]
    refused(patch(house, guest, {"partnershipStatus": "PAUSED"}), 403, "partnershipStatus")


@facts(611, "Idempotency-Key on PATCH", PATCH)
def _(house: House) -> None:
    id_, key = made(house)["phantomId"], uuid.uuid4().hex
    body = {"createPhones": [PARTS["phones"]]}
    first, second = (patch(house, id_, body, key) for _ in range(2))
    assert first.content == second.content
    assert len(read(house, id_)["phones"]) == 1
    refused(patch(house, id_, {"deletePhones": []}, key), 409)


@facts(612, "the answer's partnershipStatus has neither REVIEW nor SUSPENDED", GET,
       ours="requests take all eight, and a word that was told is read back")  # fmt: skip
def _(house: House) -> None:
    buyer = read(house, made(house, partnershipStatus="REVIEW")["phantomId"])
    assert buyer["partnershipStatus"] == "REVIEW"
