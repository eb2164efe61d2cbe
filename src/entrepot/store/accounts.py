"""Organizations, their credentials and what every organization starts with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Row,
    and_,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from entrepot.core import actor, ids
from entrepot.core.members import INVITED
from entrepot.core.organization import DEFAULT_CAPTURE, OrganizationSettings
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.store import schema
from entrepot.store.engines.sql import sql_of
from entrepot.store.question import asked_in

_orgs = schema.organizations
_ACCOUNT = [schema.provider_accounts.c[name] for name in ProviderAccount._fields]
_creds, _members, _channels = schema.credentials, schema.members, schema.channels
# The numbers of organizations that a cell has: the cell's own number stands above these bits.
CELL_BITS = 40
_NUMBER_MAX = (1 << 63) - 1
_NUMBER_DIGITS = len(str(_NUMBER_MAX))


class Organization(NamedTuple):
    """An organization as the edge and the command line know it."""

    org: int
    id: bytes
    tenant_id: bytes
    name: str
    allocation: str
    guest_id: bytes
    default_location: bytes
    default_list: bytes
    source_url: str | None
    source_header: str | None


class Credential(NamedTuple):
    """The credential behind a secret. `dialect` is the only dialect that it may speak."""

    org: int
    id: bytes
    org_id: bytes
    tenant_id: bytes
    dialect: str
    role: str
    actor: str  # as the events of its commands tell it; see core.actor
    invited: str | None = None  # the address of a member who has not come yet
    closed_channels: bool = False  # whether a channel of the organization accepts no orders
    closed_partnerships: bool = False  # whether a partnership of the organization does not
    price_lists: bool = False  # whether a partnership of the organization has a price list


_ORG_COLUMNS = [_orgs.c[name] for name in Organization._fields]


def digest(secret: str) -> bytes:
    """The digest of a secret, which is all that is stored. A secret has 256 random bits, so a plain
    SHA-256 is enough.
    """
    return hashlib.sha256(secret.encode()).digest()


def create_organization(
    conn: Connection,
    name: str,
    now: int,
    new_id: Callable[[], bytes],
    tenant: bytes | None = None,
    cell: int = 0,
) -> Organization:
    """Make an organization with its guest customer, default location and default item list.

    `cell` is the number of the book among several (docs/adr/0034). Raises Conflict where another
    process has just taken the number.
    """
    number = _next_number(conn, cell)
    made = Organization(
        number, new_id(), tenant or new_id(), name, "HARD", new_id(), new_id(), new_id(), None, None
    )
    conn.execute(insert(_orgs).values(**made._asdict(), created_at=now))
    conn.execute(
        insert(schema.customers).values(
            org=number, id=made.guest_id, name="Guest", created_at=now, updated_at=now
        )
    )
    conn.execute(insert(schema.locations).values(org=number, id=made.default_location, name="Main"))
    conn.execute(insert(schema.item_lists).values(org=number, id=made.default_list, name="Default"))
    return made


def has_begun(conn: Connection, org: int) -> bool:
    """Whether anything followed the rows that an organization is made with."""
    counted = schema.order_counters.c
    logged = exists().where(counted.org == org, counted.events > 0)
    keyed = exists().where(_creds.c.org == org)
    return bool(conn.execute(select(or_(logged, keyed))).scalar_one())


def _next_number(conn: Connection, cell: int) -> int:
    """The number after the newest of the organizations that were made in this cell."""
    first = cell << CELL_BITS
    here = and_(_orgs.c.org > first, _orgs.c.org < first + (1 << CELL_BITS))
    newest = conn.execute(select(func.max(_orgs.c.org)).where(here)).scalar_one()
    return (first if newest is None else int(newest)) + 1


def organization_named(conn: Connection, name: str) -> Organization | None:
    """The organization with this name, number or id, as a dialect spells ids; None when there is
    none.
    """
    return next(iter(organizations_meant(conn, name)), None)


def organizations_meant(conn: Connection, name: str) -> list[Organization]:
    """The organization with this name, and after it those with this number and this id: a name may
    be the number of another one.
    """
    matches = [_orgs.c.name == name]
    if name.isascii() and name.isdigit() and len(name) <= _NUMBER_DIGITS:
        matches.append(_orgs.c.org == min(int(name), _NUMBER_MAX))
    if (id_ := ids.spelled(name, "bus_")) is not None:
        matches.append(_orgs.c.id == id_)
    rows = [conn.execute(select(*_ORG_COLUMNS).where(match)).first() for match in matches]
    return list(dict.fromkeys(_organization(row) for row in rows if row is not None))


def organizations_like(conn: Connection, name: str) -> list[Organization]:
    """Organizations with this name, in any case of its letters."""
    return [one for one in organizations(conn) if one.name.casefold() == name.casefold()]


def organizations(conn: Connection) -> list[Organization]:
    """All of them, oldest first."""
    return [_organization(r) for r in conn.execute(select(*_ORG_COLUMNS).order_by(_orgs.c.org))]


def organization(conn: Connection, org: int) -> Organization | None:
    """The organization with this number."""
    row = conn.execute(select(*_ORG_COLUMNS).where(_orgs.c.org == org)).first()
    return None if row is None else _organization(row)


def organization_by_ids(conn: Connection, tenant_id: bytes, org_id: bytes) -> Organization | None:
    """The organization that a token's claims name; None when the two do not belong together."""
    row = conn.execute(
        select(*_ORG_COLUMNS).where(and_(_orgs.c.id == org_id, _orgs.c.tenant_id == tenant_id))
    ).first()
    return None if row is None else _organization(row)


def _organization(row: Row[tuple[object, ...]]) -> Organization:
    return Organization._make(row)


def set_source(conn: Connection, org: int, url: str | None, header: str | None) -> None:
    """Say where orders that are only notified can be fetched from; None takes the source away."""
    conn.execute(
        update(_orgs).where(_orgs.c.org == org).values(source_url=url, source_header=header)
    )


@asked_in("snapshot")
def provider_account(conn: Connection, org: int, service: str) -> ProviderAccount | None:
    """The organization's account at a service; None where it has none."""
    at = schema.provider_accounts.c
    found = select(*_ACCOUNT).where(at.org == org, at.service == service)
    row = conn.execute(found).one_or_none()
    return None if row is None else _account(row)


def provider_account_of(conn: Connection, id_: bytes, service: str) -> ProviderAccount | None:
    """The account at a service of the organization with this id; None where there is none."""
    org = conn.execute(select(_orgs.c.org).where(_orgs.c.id == id_)).scalar_one_or_none()
    return None if org is None else provider_account(conn, org, service)


def provider_accounts(conn: Connection, org: int | None = None) -> list[ProviderAccount]:
    """The accounts of an organization, or of all, by organization and service."""
    at = schema.provider_accounts.c
    statement = select(*_ACCOUNT).order_by(at.org, at.service)
    if org is not None:
        statement = statement.where(at.org == org)
    return [_account(row) for row in conn.execute(statement)]


def _account(row: Row[*tuple[Any, ...]]) -> ProviderAccount:
    org, service, sealed, added_at = row
    return ProviderAccount(org, service, None if sealed is None else bytes(sealed), added_at)


def capture_of(conn: Connection, org: int) -> str:
    """When the organization takes the money of its orders; see core.organization.CAPTURES."""
    at = schema.organization_settings.c
    found = conn.execute(select(at.capture).where(at.org == org)).scalar_one_or_none()
    return DEFAULT_CAPTURE if found is None else found


@asked_in("snapshot")
def settings_chosen(conn: Connection, org: int) -> OrganizationSettings:
    """What the organization chose."""
    at = schema.organization_settings.c
    columns = [at[name] for name in OrganizationSettings._fields]
    found = conn.execute(select(*columns).where(at.org == org)).one_or_none()
    return OrganizationSettings(org) if found is None else OrganizationSettings._make(found)


def payment_secret(conn: Connection, org: int) -> bytes | None:
    """The secret that the organization brought from another book; None where it came from none."""
    found = conn.execute(select(_orgs.c.payment_secret).where(_orgs.c.org == org)).scalar_one()
    return None if found is None else bytes(found)


def set_payment_secret(conn: Connection, org: int, secret: bytes) -> None:
    """Keep the secret that the organization brought: its payment keys derive from it from now."""
    conn.execute(update(_orgs).where(_orgs.c.org == org).values(payment_secret=secret))


def _has_partnership(conn: Connection, index: str, condition: str) -> ColumnElement[bool]:
    """Whether the credential's organization has such a partnership. The index, which is named, has
    no others: without its name SQLite looks through all partnerships of the organization.
    """
    tied = f"partnerships AS p{sql_of(conn).by_index(index)}"
    return literal_column(
        f"EXISTS (SELECT 1 FROM {tied} WHERE p.org = credentials.org AND {condition})", Boolean
    )


def credential(conn: Connection, secret: str) -> Credential | None:
    """The credential of a secret; None if the secret is unknown or revoked."""
    is_invited = and_(
        _members.c.org == _creds.c.org, _members.c.key_id == _creds.c.id,
        _members.c.status == INVITED,
    )  # fmt: skip
    closed = exists().where(_channels.c.org == _creds.c.org, _channels.c.active.is_(False))
    ended = _has_partnership(conn, "partnerships_closed", "p.status <> 'active'")
    listed = _has_partnership(conn, "partnerships_listed", "p.list_id IS NOT NULL")
    row = conn.execute(
        select(
            _creds.c.org, _creds.c.id, _orgs.c.id, _orgs.c.tenant_id, _creds.c.dialect,
            _creds.c.role, _members.c.email, closed, ended, listed,
        )
        .join(_orgs, _orgs.c.org == _creds.c.org)
        .outerjoin(_members, is_invited)
        .where(_creds.c.digest == digest(secret), _creds.c.revoked_at.is_(None))
    ).first()  # fmt: skip
    if row is None:
        return None
    *known, invited, closed_channels, closed_partnerships, lists = row
    by = actor.credential(row[1])
    looked_at = bool(closed_channels), bool(closed_partnerships), bool(lists)
    return Credential._make((*known, by, invited, *looked_at))


class ListedCredential(NamedTuple):
    """A credential as it is kept, without its secret. Times are microseconds."""

    org: int
    id: bytes
    dialect: str
    role: str
    name: str
    created_at: int
    revoked_at: int | None


_LISTED = [_creds.c[name] for name in ListedCredential._fields]


def credentials(conn: Connection, org: int | None) -> list[ListedCredential]:
    """Credentials of an organization or of all, oldest first, with those that are revoked."""
    statement = select(*_LISTED)
    if org is not None:
        statement = statement.where(_creds.c.org == org)
    ordered = statement.order_by(_creds.c.org, _creds.c.created_at, _creds.c.id)
    return [ListedCredential._make(row) for row in conn.execute(ordered)]


def credential_meant(conn: Connection, secret_or_id: str) -> ListedCredential | None:
    """The credential with this secret or this id, to be revoked; None where none opens.

    It is locked, so that a server that only reads refuses, whether there is one or not.
    """
    match = _creds.c.digest == digest(secret_or_id)
    if (id_ := ids.spelled(secret_or_id)) is not None:
        match = match | (_creds.c.id == id_)
    found = select(*_LISTED).where(match, _creds.c.revoked_at.is_(None)).with_for_update()
    row = conn.execute(found).first()
    return None if row is None else ListedCredential._make(row)
