"""How a write is answered: a refusal in the dialect's words, and a result by its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from entrepot.core.refusal import Refusal
from entrepot.core.results import Result
from entrepot.writer.envelope import Answer

R = TypeVar("R", bound=Result)
Written: TypeAlias = Callable[[Result | Refusal], Answer]


def written(
    refuse: Callable[[Refusal, str], Answer],
    request_id: str,
    kind: type[R],
    answer: Callable[[R], Answer],
) -> Written:
    """The answer to a write whose result is of this kind."""

    def of(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refuse(result, request_id)
        assert isinstance(result, kind), result
        return answer(result)

    return of
