"""Parts of the native document that many operations share: headers, and answers that refuse."""

from __future__ import annotations

from entrepot.edge.dialect import Parameter, Response
from entrepot.edge.native.wire import Problem

PROBLEM = "application/problem+json"
REPLAYED = ("Idempotent-Replayed",)
WRITTEN = (*REPLAYED, "ETag")
KEY = Parameter(
    "Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255}, False,
    "One intent, one key: a repeat is answered with the first answer.",
)  # fmt: skip
IF_MATCH = Parameter(
    "If-Match", "header", {"type": "string"}, False,
    "The ETag of what is meant: 412 where it has another one. Without it, `If-Unmodified-Since` "
    "counts, by `updated_at`.",
)  # fmt: skip


def _refusing(description: str, *headers: str) -> Response:
    return Response(description, Problem, headers, PROBLEM)


NOT_FOUND = _refusing("Nothing is called so here")
AMBIGUOUS = _refusing("Contradicts what is there, or several orders are called so")
ERRORS = {
    400: _refusing("The request cannot be taken; `errors` names every fault"),
    401: _refusing("No valid key"),
    403: _refusing("The key does not have the scope"),
    429: _refusing("Rate limited", "Retry-After"),
    500: _refusing("Unexpected failure"),
    503: _refusing("Overloaded or not reachable", "Retry-After"),
}
BODY_ERRORS = {
    **ERRORS,
    409: AMBIGUOUS,
    413: _refusing("The body is too large"),
    415: _refusing("The body is no JSON"),
}
CHANGED = {**ERRORS, 404: NOT_FOUND, 409: _refusing("Contradicts what is there")}
OF_ONE = {**ERRORS, 404: NOT_FOUND, 409: AMBIGUOUS}
CHANGING_ONE = {
    **BODY_ERRORS, 404: NOT_FOUND, 412: _refusing("Not the version that If-Match names"),
}  # fmt: skip
