"""The native API's shapes of accounts at payment services."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.edge.native.values import seen
from entrepot.edge.native.wire import Page, Time

Service = Literal["stripe", "adyen", "paypal"]
Text = Annotated[str, seen(4_096)]


class Members(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The members by which a service knows the organization. docs/payments.md says which members a
    service has, and which of them it needs.
    """

    api_key: Text | None = None
    webhook_secret: Text | None = None
    merchant_account: Text | None = None
    hmac_key: Text | None = None
    client_id: Text | None = None
    client_secret: Text | None = None
    webhook_id: Text | None = None
    base_url: Text | None = None


class AddAccount(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/providers. An account that is there already is replaced."""

    provider: Service
    account: Members


class Account(msgspec.Struct):
    """An account. Nothing secret is ever shown: `secrets` says which secret members are kept."""

    provider: Service
    account: Annotated[dict[str, str], Meta(description="The members that are not secret")]
    secrets: Annotated[dict[str, bool], Meta(description="Whether each secret member is kept")]
    unusable: Annotated[str | None, Meta(description="Why the account cannot be used")]
    notifications: Annotated[str, Meta(description="Where the service sends its notifications")]
    added_at: Time


class AccountPage(Page[Account]):
    """All accounts, by the names of the services."""


class Tested(msgspec.Struct):
    """The service's word on the account; `why_not` is null where the account works."""

    provider: Service
    works: bool
    why_not: str | None
