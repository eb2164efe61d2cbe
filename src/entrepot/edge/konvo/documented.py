"""Parts of Konvo's document that many operations share: headers, and answers that refuse."""

from __future__ import annotations

from entrepot.edge.dialect import Response
from entrepot.edge.konvo.wire import Error

ERRORS = {
    400: Response("Bad request - validation error", Error),
    401: Response("No valid API key", Error),
    429: Response("Rate limited", Error, ("Retry-After",)),
    500: Response("Unexpected failure", Error),
    503: Response("Overloaded or not reachable", Error, ("Retry-After",)),
}
BODY_ERRORS = {
    403: Response("This API key may only read", Error),
    409: Response("The order cannot move there from where it stands", Error),
    413: Response("The body is too large", Error),
}
