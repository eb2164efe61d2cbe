"""The ids of organizations, against the first events of their logs.

Clients name an organization and its tenant by these ids, and so do tokens and messages: no row
does.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, and_, select

from entrepot.core import events
from entrepot.store import schema
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.own_values import id_text

_orgs, _events = schema.organizations.c, schema.events.c
_FIRST: Final = 1


def check_organizations(asking: Asking) -> None:
    """Compare the ids that an organization has with those that its first event tells, if any."""
    for row in asking.found(_told()):
        try:
            body = json.loads(row.body)
        except ValueError:
            continue  # The damage is reported.
        for name, kept in (("tenant_id", row.tenant_id), ("organization_id", row.id)):
            told = body.get(name) if isinstance(body, dict) else None
            if told is not None and told != id_text(kept):
                asking.findings.add(
                    "OWN_ORGANIZATION", org=row.org, column=name, row=id_text(kept), event=told
                )


@cache
def _told() -> Select[Any]:
    first = and_(_events.org == _orgs.org, _events.number == _FIRST)
    found = select(_orgs.org, _orgs.id, _orgs.tenant_id, _events.body)
    asked = found.join_from(schema.organizations, schema.events, first)
    return asked.where(_events.type == events.ORGANIZATION_MADE)
