"""What an organization consists of, beside its goods: channels and members."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Text

from entrepot.core.channels import CHANNELS as CHANNEL_KIND
from entrepot.core.members import MEMBERS as MEMBER_KIND
from entrepot.core.members import ROLES, STATES
from entrepot.store.schema.accounts import credentials
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, belongs_to, need, one_of, table, word

channels = table(
    "channels",
    need("org", BigInteger),
    need("id", ID),
    need("name", Text),
    need("currency", Text),
    need("active", Boolean),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    Index("channels_name", "org", "name", unique=True),
)

members = table(
    "members",
    need("org", BigInteger),
    need("email", Text),
    need("id", ID),
    belongs_to("key_id", credentials),
    word("role", ROLES),
    need("status", Text),
    need("created_at", BigInteger),
    Column("joined_at", BigInteger),
    Column("version", BigInteger, nullable=False, server_default="1"),
    PrimaryKeyConstraint("org", "email"),
    one_of("status", STATES),
    # Who a key is: looked up with the key.
    Index("members_key", "org", "key_id", unique=True),
    Index("members_id", "org", "id", unique=True),
)

CHANNELS = Kept(CHANNEL_KIND, channels)
MEMBERS = Kept(MEMBER_KIND, members, changing=("key_id", "role", "status", "joined_at", "version"))
