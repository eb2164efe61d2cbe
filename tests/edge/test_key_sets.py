"""A key set at a URL is read as it is, up to a bound; what is packed is not unpacked."""

from __future__ import annotations

import gzip
import http.server
import threading
from collections.abc import Callable, Iterator

import pytest

from entrepot.edge.tokens import JWKS_BYTES_MAX, TokenVerifier

Serve = Callable[[bytes, dict[str, str]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answers every request with these bytes and headers; gives the address."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(body: bytes, headers: dict[str, str]) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.headers["Accept-Encoding"] == "identity"
                self.send_response(200)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/jwks"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


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
