"""A key set at a URL is read as it is, up to a bound; what is packed is not unpacked."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import Message

import pytest
from tests.local_http import LocalHttp

from entrepot.edge.tokens import JWKS_BYTES_MAX, TokenVerifier

Serve = Callable[[bytes, dict[str, str]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answers every request with these bytes and headers; gives the address."""
    with ExitStack() as servers:

        def start(body: bytes, headers: dict[str, str]) -> str:
            def answer(_path: str, sent: Message) -> tuple[int, bytes, dict[str, str]]:
                assert sent["Accept-Encoding"] == "identity"
                return 200, body, headers

            return servers.enter_context(LocalHttp(answer)).url + "/jwks"

        yield start


async def test_a_plain_key_set_is_read(serve: Serve) -> None:
    assert await TokenVerifier("i", "a", serve(b'{"keys":[]}', {}))._read() == b'{"keys":[]}'


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "br", "x"])
async def test_a_packed_key_set_is_not_unpacked(serve: Serve, encoding: str) -> None:
    packed = gzip.compress(bytes(1 << 24))
    with pytest.raises(ValueError, match="packed"):
        await TokenVerifier("i", "a", serve(packed, {"Content-Encoding": encoding}))._read()


async def test_a_key_set_without_end_is_cut(serve: Serve) -> None:
    with pytest.raises(ValueError, match="too large"):
        await TokenVerifier("i", "a", serve(b"x" * (JWKS_BYTES_MAX + 1), {}))._read()
