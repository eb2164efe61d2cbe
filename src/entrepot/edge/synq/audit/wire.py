"""Synq's shapes of the audit, exactly. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated

import msgspec

from entrepot.edge.synq.wire import Moment, Uuid

Details = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object"})]


class Entry(msgspec.Struct):
    """An event of the organization's log. `actor_email` is `system` where nobody did it."""

    id: Uuid
    actor_email: str
    action: str
    entity_type: str
    entity_id: Uuid
    details: Details
    ip_address: str
    created_at: Moment
