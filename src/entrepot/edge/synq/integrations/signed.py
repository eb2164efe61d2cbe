"""The sender of an event of the integration service: the signature of the body's bytes, and the
connection that the event names.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from entrepot.core import actor
from entrepot.core.integrations import ACTIVE
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import Principal, Signature
from entrepot.edge.dialect import read_json
from entrepot.edge.services import Services
from entrepot.edge.synq.integrations import read
from entrepot.telemetry import metrics

HEADER = "X-Unified-Signature"
_UNSET = "no secret of the integration service is set: set ENTREPOT_INTEGRATION_SECRET"


async def verify(headers: Mapping[str, str], body: bytes, services: Services) -> Principal:
    """The connection, which acts for its organization.

    Refused: 500 where no secret is set, 401 for a wrong signature, 400 for what is no event, and
    403 for a connection that is unknown or not active. A forged event leaves nothing but a metric.
    """
    secret = services.integrations.secret
    if not secret:
        raise refuse(Reason.NOT_CONFIGURED, _UNSET)
    due = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
    sent = headers.get(HEADER.lower(), "").encode("latin-1")
    if not hmac.compare_digest(sent, due):
        metrics.integration_events.labels("forged").inc()
        raise refuse(Reason.UNAUTHENTICATED, "the signature is not that of the body", HEADER)
    event = read_json(body, read.EVENT)
    found = await services.admission.connection(event.connection_id)
    if found is None or found.connection.status != ACTIVE:
        metrics.integration_events.labels("unknown").inc()
        raise refuse(Reason.FORBIDDEN, "the connection is not known here, or not active")
    one = found.connection
    return Principal(one.org, found.org_id, found.tenant_id, "SYSTEM", actor.connection(one.id))


SIGNED = Signature(verify)
