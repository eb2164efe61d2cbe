"""Facts 887 to 907, 935 and 937: Synq's categories, brands, attributes, groups and templates."""

from __future__ import annotations

import re
import uuid

import httpx
from tests.contracts.facts import Facts, House

from entrepot.testing.clients import Body, World, accepted, assert_envelope

facts = Facts("synq taxonomy")
PAGE = "page guides/categories-brands"
ATTRIBUTES = "page guides/attributes"
PATH = "/api/v1/pim"
NOUNS = ("categories", "brands", "attributes", "attribute-groups", "templates")


def name() -> str:
    return f"Name {uuid.uuid4().hex}"


def post(world: World, noun: str, **body: object) -> httpx.Response:
    return world.synq.http.post(f"{PATH}/{noun}", json=body)


def made(world: World, noun: str, **body: object) -> Body:
    told: Body = accepted(post(world, noun, **({"name": name()} | body)))
    return told


def listed(world: World, noun: str, **query: object) -> list[Body]:
    found: list[Body] = accepted(world.synq.get(f"{PATH}/{noun}", **query), 200)
    return found


def refused(answer: httpx.Response, status: int, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


def sorted_by_name(house: House, noun: str) -> None:
    with house.fresh() as world:
        for one in ("Mugs", "apples", "Zips", "Bags"):
            made(world, noun, name=one)
        assert [one["name"] for one in listed(world, noun)] == ["apples", "Bags", "Mugs", "Zips"]
        first = listed(world, noun, limit=3)
        rest = listed(world, noun, after=first[-1]["id"])
        assert [one["name"] for one in (*first, *rest)] == ["apples", "Bags", "Mugs", "Zips"]
        strange = {"after": str(uuid.uuid4())}
        refused(world.synq.get(f"{PATH}/{noun}", **strange), 400, "after")
        refused(world.synq.get(f"{PATH}/{noun}", limit=0), 400, "limit")


@facts(887, "GET /api/v1/pim/categories 200, a bare array", PAGE)
@facts(889, "POST /api/v1/pim/categories with a name", PAGE)
def _(house: House) -> None:
    category = made(house.world, "categories")
    assert category in listed(house.world, "categories")
    assert category not in listed(house.other, "categories")
    refused(post(house.world, "categories"), 400, "name")
    refused(post(house.world, "categories", name="  "), 400, "name")
    refused(post(house.world, "categories", name="x" * 256), 400, "name")


@facts(888, "categories are sorted by name", PAGE)
def _(house: House) -> None:
    sorted_by_name(house, "categories")


@facts(890, "a category's slug", PAGE)
@facts(891, "slug is unique", PAGE)
def _(house: House) -> None:
    for noun in NOUNS:
        slug = uuid.uuid4().hex
        assert made(house.world, noun, slug=f" {slug} ")["slug"] == slug
        refused(post(house.world, noun, name=name(), slug=slug), 409, "slug")
        assert made(house.other, noun, slug=slug)["slug"] == slug
        told = name()
        assert made(house.world, noun, name=told)["slug"] == told.lower().replace(" ", "-")
        refused(post(house.world, noun, name=f"{told}!"), 409, "name")
        refused(post(house.world, noun, name=name(), slug=" "), 400, "slug")
        refused(post(house.world, noun, name="!!!"), 400, "slug")


@facts(892, "a category's description", PAGE)
def _(house: House) -> None:
    assert made(house.world, "categories", description="All mugs.")["description"] == "All mugs."
    assert made(house.world, "categories")["description"] is None


@facts(893, "parentId, the category above", PAGE)
def _(house: House) -> None:
    above = made(house.world, "categories")
    assert above["parent_id"] is None
    for member in ("parentId", "parent_id"):
        below = made(house.world, "categories", **{member: above["id"]})
        assert below["parent_id"] == above["id"]
    theirs = made(house.other, "categories")
    brand = made(house.world, "brands")
    for strange in (theirs["id"], brand["id"], str(uuid.uuid4()), "mugs"):
        refused(post(house.world, "categories", name=name(), parentId=strange), 400, "parent")
    both = {"parentId": above["id"], "parent_id": below["id"]}
    refused(post(house.world, "categories", name=name(), **both), 400, "parentId")


@facts(
    894, "a category has id, org_id, tenant_id, parent_id, name, slug, description and times", PAGE
)
def _(house: House) -> None:
    has_members(house, "categories", "parent_id", "description")


def has_members(house: House, noun: str, *more: str) -> None:
    one = made(house.world, noun)
    members = {"id", "org_id", "tenant_id", "name", "slug", "created_at", "updated_at", *more}
    assert set(one) == members
    assert str(uuid.UUID(one["id"])) == one["id"]
    assert one["org_id"] == house.world.synq.headers["X-Org-ID"]
    assert one["tenant_id"] == house.world.synq.headers["X-Tenant-ID"]
    for member in ("created_at", "updated_at"):
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", one[member])


@facts(896, "GET /api/v1/pim/brands, sorted by name", PAGE)
def _(house: House) -> None:
    sorted_by_name(house, "brands")


@facts(897, "POST /api/v1/pim/brands: name, description, logoUrl", "code")
def _(house: House) -> None:
    logo = "https://cdn.example/logo.png"
    for member in ("logoUrl", "logo_url"):
        brand = made(house.world, "brands", description="Mugs.", **{member: logo})
        assert (brand["description"], brand["logo_url"]) == ("Mugs.", logo)
    refused(post(house.world, "brands"), 400, "name")


@facts(898, "a brand has the members of a category, and logo_url", "code")
def _(house: House) -> None:
    has_members(house, "brands", "description", "logo_url")


@facts(899, "GET /api/v1/pim/attributes, sorted by name", ATTRIBUTES)
def _(house: House) -> None:
    sorted_by_name(house, "attributes")


@facts(900, "POST /api/v1/pim/attributes: name, slug, type", ATTRIBUTES)
@facts(901, "type TEXT by default", ATTRIBUTES)
@facts(902, "type NUMBER", ATTRIBUTES)
def _(house: House) -> None:
    assert made(house.world, "attributes")["type"] == "TEXT"
    assert made(house.world, "attributes", type="")["type"] == "TEXT"
    for told in ("NUMBER", "number", "TEXT"):
        assert made(house.world, "attributes", type=told)["type"] == told.upper()
    refused(post(house.world, "attributes", name=name(), type="a word"), 400, "type")


@facts(903, "an attribute has id, org_id, tenant_id, name, slug, type and times", ATTRIBUTES)
def _(house: House) -> None:
    has_members(house, "attributes", "type")


@facts(904, "GET, POST /api/v1/pim/attribute-groups: name, description", "code")
@facts(906, "GET, POST /api/v1/pim/templates: name, description", "code")
def _(house: House) -> None:
    for noun in ("attribute-groups", "templates"):
        one = made(house.world, noun, description="All sizes.")
        assert one["description"] == "All sizes."
        assert one in listed(house.world, noun)
        assert one not in listed(house.other, noun)
        has_members(house, noun, "description")


@facts(905, "groups of attributes come newest first", "code")
def _(house: House) -> None:
    with house.fresh() as world:
        told = [made(world, "attribute-groups")["id"] for _ in range(5)]
        first = listed(world, "attribute-groups", limit=2)
        rest = listed(world, "attribute-groups", after=first[-1]["id"])
        assert [one["id"] for one in (*first, *rest)] == told[::-1]


@facts(907, "templates are sorted by name", "code")
def _(house: House) -> None:
    sorted_by_name(house, "templates")


@facts(935, "a VIEWER only reads", "page api/organization")
def _(house: House) -> None:
    for role, status in (("ADMIN", 201), ("EDITOR", 201), ("MEMBER", 201), ("VIEWER", 403)):
        member = house.member(role)
        for noun in NOUNS:
            answer = member.http.post(f"{PATH}/{noun}", json={"name": name()})
            assert answer.status_code == status, (role, noun)
            assert member.get(f"{PATH}/{noun}").status_code == 200


@facts(937, "members are in snake_case, but for parentId and logoUrl of what is sent", "code")
def _(house: House) -> None:
    for noun in NOUNS:
        assert all(member == member.lower() for member in made(house.world, noun))
