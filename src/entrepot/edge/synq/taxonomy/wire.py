"""Synq's shapes of categories, brands, attributes, groups and templates, exactly. Sources in
docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, field

from entrepot.core.taxonomy import (
    DEFAULT_TYPE,
    DESCRIPTION_MAX,
    LINK_MAX,
    NAME_MAX,
    SLUG_MAX,
    TYPE_MAX,
)
from entrepot.edge.synq.wire import Moment, Uuid

Name = Annotated[str, Meta(max_length=NAME_MAX)]
Slug = Annotated[
    str, Meta(max_length=SLUG_MAX, description="Made of the name where it is not told")
]
Description = Annotated[str, Meta(max_length=DESCRIPTION_MAX)]
Link = Annotated[str, Meta(max_length=LINK_MAX)]
Type = Annotated[
    str, Meta(max_length=TYPE_MAX, description=f"A word such as `NUMBER`; `{DEFAULT_TYPE}` if none")
]


class MakeCategory(msgspec.Struct):
    """The body of POST /api/v1/pim/categories. `parent_id` is taken for `parentId`."""

    name: Name
    slug: Slug | None = None
    description: Description | None = None
    parent: Uuid | None = field(default=None, name="parentId")
    parent_id: Uuid | None = None


class MakeBrand(msgspec.Struct):
    """The body of POST /api/v1/pim/brands. `logo_url` is taken for `logoUrl`."""

    name: Name
    slug: Slug | None = None
    description: Description | None = None
    logo: Link | None = field(default=None, name="logoUrl")
    logo_url: Link | None = None


class MakeAttribute(msgspec.Struct):
    """The body of POST /api/v1/pim/attributes."""

    name: Name
    slug: Slug | None = None
    type: Type | None = None


class MakeNamed(msgspec.Struct):
    """The body of POST /api/v1/pim/attribute-groups and /api/v1/pim/templates."""

    name: Name
    slug: Slug | None = None
    description: Description | None = None


Body = MakeCategory | MakeBrand | MakeAttribute | MakeNamed


class Named(msgspec.Struct):
    """A group of attributes, or a template."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    name: str
    slug: str
    description: str | None
    created_at: Moment
    updated_at: Moment


class Category(msgspec.Struct):
    """A category. The one above it is `parent_id`, if there is one."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    parent_id: Uuid | None
    name: str
    slug: str
    description: str | None
    created_at: Moment
    updated_at: Moment


class Brand(msgspec.Struct):
    """A brand."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    name: str
    slug: str
    description: str | None
    logo_url: str | None
    created_at: Moment
    updated_at: Moment


class Attribute(msgspec.Struct):
    """An attribute, and the type of its values."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    name: str
    slug: str
    type: str
    created_at: Moment
    updated_at: Moment


Shape = Named | Category | Brand | Attribute
