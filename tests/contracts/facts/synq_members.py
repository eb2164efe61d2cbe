"""Facts 831 to 838: Synq's members of an organization."""

from __future__ import annotations

import uuid

import httpx
from tests.contracts.facts import Facts, House

from entrepot.testing.clients import Body, Synq, World, accepted, assert_envelope

facts = Facts("synq members")
PAGE = "page api/organization"
PATH = "/api/v1/organization/members"


def email() -> str:
    return f"{uuid.uuid4().hex}@example.org"


def post(world: World, **body: object) -> httpx.Response:
    return world.synq.http.post(PATH, json=body)


def invited(world: World, address: str, role: str = "EDITOR") -> Body:
    told: Body = accepted(post(world, email=address, role=role))
    return told


def member(world: World, address: str) -> Body:
    [found] = [one for one in accepted(world.synq.get(PATH), 200) if one["email"] == address]
    told: Body = found
    return told


def refused(answer: httpx.Response, status: int, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


@facts(831, "GET /api/v1/organization/members 200, a bare array", PAGE)
def _(house: House) -> None:
    address = email()
    invited(house.world, address)
    found = accepted(house.world.synq.get(PATH), 200)
    assert isinstance(found, list)
    assert address in [one["email"] for one in found]
    # Of the tenant, where a tenant is one organization: nothing crosses organizations here.
    assert address not in house.other.synq.get(PATH).text


@facts(832, "a member's status is active or invited", "page concepts/organizations")
def _(house: House) -> None:
    address = email()
    told = invited(house.world, address, "viewer")
    before = member(house.world, address)
    assert (before["status"], before["role"]) == ("invited", "VIEWER")
    known = house.world.synq.headers
    credentials = {
        "token": told["token"], "tenant_id": known["X-Tenant-ID"], "org_id": known["X-Org-ID"],
    }  # fmt: skip
    with Synq(house.server.url, credentials) as newcomer:
        assert member(house.world, address)["status"] == "invited"
        accepted(newcomer.get(PATH), 200)
        assert member(house.world, address) == before | {"status": "active"}
        refused(newcomer.http.post(PATH, json={"email": email(), "role": "VIEWER"}), 403)
        accepted(newcomer.get(PATH), 200)
    told_of = house.world.native.send("GET", "/events?types=member.joined&limit=200")
    assert [one["body"]["email"] for one in accepted(told_of, 200)["data"]].count(address) == 1


@facts(833, "POST by another role than ADMIN 403", PAGE)
def _(house: House) -> None:
    for role in ("EDITOR", "VIEWER", "MEMBER"):
        body = {"email": email(), "role": "VIEWER"}
        refused(house.member(role).http.post(PATH, json=body), 403)


@facts(834, "POST 201 {message, uid}", PAGE)
def _(house: House) -> None:
    address = email()
    told = invited(house.world, address)
    assert told["message"]
    assert str(uuid.UUID(told["uid"])) == told["uid"] == member(house.world, address)["id"]


@facts(835, "email required", PAGE)
def _(house: House) -> None:
    refused(post(house.world, role="VIEWER"), 400, "email")
    for wrong in ("", "ada", "a@b@c", "a b@example.org", "@", "a@" + "b" * 300, "a\x00@b"):
        refused(post(house.world, email=wrong, role="VIEWER"), 400, "email")
    address = email()
    invited(house.world, address)
    refused(post(house.world, email=address.upper(), role="VIEWER"), 409, "email")


@facts(836, "role required, non-empty", PAGE)
@facts(837, "roles ADMIN, EDITOR, VIEWER; also admin, member", PAGE)
def _(house: House) -> None:
    refused(post(house.world, email=email()), 400, "role")
    for wrong in ("", " ", "OWNER"):
        refused(post(house.world, email=email(), role=wrong), 400, "role")
    for role in ("ADMIN", "EDITOR", "VIEWER", "admin", "member"):
        address = email()
        invited(house.world, address, role)
        assert member(house.world, address)["role"] == role.upper()


@facts(838, "the invitation is audited with e-mail and role", "code")
def _(house: House) -> None:
    last = accepted(house.world.native.send("GET", "/events?limit=1"), 200)["last"]
    address = email()
    told = invited(house.world, address)
    path = f"/events?types=member.invited&after={last}&limit=200"
    events = accepted(house.world.native.send("GET", path), 200)["data"]
    [event] = [one for one in events if one["subject"]["id"] == told["uid"]]
    assert event["body"] == {"email": address, "role": "EDITOR"}
    assert told["token"] not in house.server.output()
