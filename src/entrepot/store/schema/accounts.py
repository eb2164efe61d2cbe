"""Organizations, their credentials, and what belongs to the book as a whole."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)

from entrepot.core.keys import KEYS as KEYS_KIND
from entrepot.core.lapsing import RULES
from entrepot.core.organization import CAPTURES
from entrepot.core.organization import SETTINGS as SETTINGS_KIND
from entrepot.core.provider_accounts import ACCOUNTS
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, need, one_of, table, word

organizations = table(
    "organizations",
    Column("org", BigInteger, primary_key=True, autoincrement=False),
    need("id", ID),
    need("tenant_id", ID),
    need("name", Text),
    need("allocation", Text),
    need("guest_id", ID),
    need("default_location", ID),
    need("default_list", ID),
    Column("source_url", Text),
    Column("source_header", Text),
    need("created_at", BigInteger),
    # The secret from which payment keys derive, if the organization came from another book.
    Column("payment_secret", LargeBinary),
    UniqueConstraint("id", name="organizations_id"),
    UniqueConstraint("name", name="organizations_name"),
    one_of("allocation", ("HARD", "SOFT")),
)

credentials = table(
    "credentials",
    # The one table that is read before the organization is known: by the digest of the secret.
    Column("digest", LargeBinary(32), primary_key=True),
    need("org", BigInteger),
    need("id", ID),
    word("dialect", ("konvo", "native", "polinate", "synq")),
    need("role", Text),
    need("name", Text),
    need("created_at", BigInteger),
    Column("revoked_at", BigInteger),
    UniqueConstraint("org", "id", name="credentials_id"),
)

provider_accounts = table(
    "provider_accounts",
    # Accounts of organizations: the payment service, in small letters.
    need("org", BigInteger),
    need("service", Text),
    Column("sealed", LargeBinary),  # what the service knows the organization by; NULL: nothing yet
    need("added_at", BigInteger),
    PrimaryKeyConstraint("org", "service"),
)

organization_settings = table(
    "organization_settings",
    # What an organization chose; one that chose nothing has no row.
    Column("org", BigInteger, primary_key=True, autoincrement=False),
    need("capture", Text),
    need("lapsing", Text),
    need("attribution_days", BigInteger),
    Column("invoices", Text),  # NULL: nobody ever chose it, and there are no invoices
    Column("merging_since", BigInteger),  # NULL: orders stay apart
    one_of("capture", tuple(CAPTURES)),
    one_of("lapsing", tuple(RULES)),
)

installation = table(
    "installation",
    # Values of the book as a whole: the secret from which payment keys derive, and others.
    Column("name", Text, primary_key=True),
    need("value", LargeBinary),
)

# A key is known by its id where it is changed, and by its digest where it opens.
KEYS = Kept(KEYS_KIND, credentials, key=("org", "id"), changing=("revoked_at",))
SETTINGS = Kept(SETTINGS_KIND, organization_settings)
PROVIDER_ACCOUNTS = Kept(ACCOUNTS, provider_accounts, fixed=("added_at",))
