"""Parts of Synq's document that many operations share: headers, and answers that refuse."""

from __future__ import annotations

from entrepot.edge.dialect import Parameter, Response
from entrepot.edge.synq.wire import Error

HEADERS = (
    Parameter("X-Tenant-ID", "header", {"type": "string", "format": "uuid"}, True,
              "UUID of your tenant."),
    Parameter("X-Org-ID", "header", {"type": "string", "format": "uuid"}, True,
              "UUID of your organization."),
)  # fmt: skip
ERRORS = {
    400: Response("The request cannot be taken; the text names the field", Error),
    401: Response("No valid credentials", Error),
    403: Response("These credentials may not do this", Error),
    429: Response("Rate limited", Error, ("Retry-After",)),
    500: Response("Unexpected failure", Error),
    503: Response("Overloaded or not reachable", Error, ("Retry-After",)),
}
BODY_ERRORS = {
    **ERRORS,
    409: Response("Contradicts what is there", Error),
    413: Response("The body is too large", Error),
}
