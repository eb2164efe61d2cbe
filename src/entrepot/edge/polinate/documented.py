"""Parts of Polinate's document that many operations share: headers, and answers that refuse."""

from __future__ import annotations

from entrepot.edge.dialect import Parameter, Response
from entrepot.edge.polinate.wire import StandardError

TEXT = {"type": "string"}
HEADERS = (
    Parameter("X-Business-Id", "header", TEXT, True, "The business that is calling."),
    Parameter("X-API-Key", "header", TEXT, True, "A key of that business."),
)
ERRORS = {
    401: Response("No valid credentials", StandardError),
    429: Response("Rate limited", StandardError, ("Retry-After",)),
    500: Response("Processing failed", StandardError),
    503: Response("Overloaded or not reachable", StandardError, ("Retry-After",)),
}
INVALID = Response("Invalid payload, query or idempotency key", StandardError)
NOT_FOUND = Response("Not found", StandardError)
BODY_ERRORS = {
    **ERRORS,
    400: INVALID,
    403: Response("This key may only read", StandardError),
    409: Response("Contradicts what is there", StandardError),
    413: Response("The body is too large", StandardError),
}
