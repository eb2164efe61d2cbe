"""The caller of a Konvo request."""

import pytest
from tests.edge.revoking import revoked

from entrepot.core.refusal import Reason, Refused
from entrepot.edge.konvo.credentials import authenticate

from .conftest import Book


async def test_a_key_stands_for_its_organization(book: Book) -> None:
    for sent in ("konvo-editor", " konvo-editor "):
        caller = await authenticate({"x-api-key": sent}, book.services)
        assert caller.actor.startswith("key:")
        assert caller._replace(actor="") == book.ours


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": "  "},
        {"x-api-key": "wrong"},
        {"x-api-key": "synq-editor"},
        {"x-api-key": "Konvo-Editor"},
        {"authorization": "Bearer konvo-editor"},
    ],
    ids=["absent", "empty", "blank", "unknown", "another dialect's", "other case", "other header"],
)
async def test_without_a_valid_key_nobody_is_known(headers: dict[str, str], book: Book) -> None:
    with pytest.raises(Refused) as refused:
        await authenticate(headers, book.services)
    assert refused.value.refusal.reason is Reason.UNAUTHENTICATED
    assert refused.value.refusal.field == "x-api-key"


async def test_a_revoked_key_is_unknown(book: Book) -> None:
    await revoked(book.services, "konvo-editor")
    with pytest.raises(Refused):
        await authenticate({"x-api-key": "konvo-editor"}, book.services)
