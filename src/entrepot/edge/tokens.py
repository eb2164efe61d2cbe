"""JWT bearer tokens of a configured issuer: signature, issuer, audience and times are checked here.

The dialect decides what the claims mean. Opaque tokens are credentials, and are not read here.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import jwt

from entrepot.edge.invalid_token import InvalidToken

ALGORITHMS = ("RS256", "ES256", "EdDSA")
_ALGORITHM_OF_TYPE = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}
LEEWAY_SECONDS = 30
JWKS_BYTES_MAX = 1 << 20
_PLAIN = {"Accept": "application/json", "Accept-Encoding": "identity"}
FRESH_SECONDS = 300.0
COOL_DOWN_SECONDS = 10.0


class TokenVerifier:
    """Verifies tokens against the JWKS in a file or at a URL, fetched again after five minutes.

    An unknown key id fetches at most once in ten seconds, so made-up ids cost little.
    """

    def __init__(self, issuer: str, audience: str, jwks: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._source = jwks
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()

    async def claims(self, token: str) -> dict[str, Any]:
        """The claims of a valid token. Raises InvalidToken."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise InvalidToken("not a token") from error
        if header.get("alg") not in ALGORITHMS or "crit" in header:
            raise InvalidToken("algorithm not allowed")
        key = await self._key(str(header.get("kid", "")))
        # The algorithm is the key's, never the token's choice.
        algorithm = _ALGORITHM_OF_TYPE.get(str(key.key_type), "")
        if algorithm != header["alg"]:
            raise InvalidToken("algorithm is not the key's")
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key.key, algorithms=[algorithm], audience=self._audience,
                issuer=self._issuer, leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise InvalidToken(type(error).__name__) from error
        return claims

    async def _key(self, key_id: str) -> jwt.PyJWK:
        age = time.monotonic() - self._fetched
        if age > FRESH_SECONDS or (key_id not in self._keys and age > COOL_DOWN_SECONDS):
            async with self._lock:
                if time.monotonic() - self._fetched >= min(age, COOL_DOWN_SECONDS):
                    await self._fetch()
        found = self._keys.get(key_id)
        if found is None and not key_id and len(self._keys) == 1:
            found = next(iter(self._keys.values()))
        if found is None:
            raise InvalidToken("unknown key")
        return found

    async def _fetch(self) -> None:
        self._fetched = time.monotonic()
        try:
            text = await self._read()
            listed = json.loads(text)["keys"]
            keys = {}
            for number, one in enumerate(listed):
                keys[str(one.get("kid", number))] = jwt.PyJWK(
                    one, algorithm=_ALGORITHM_OF_TYPE.get(one.get("kty"), "")
                )
            self._keys = keys
        except (OSError, ValueError, KeyError, TypeError, httpx.HTTPError, jwt.PyJWTError) as error:
            if not self._keys:
                raise InvalidToken("the issuer's keys cannot be read") from error

    async def _read(self) -> bytes:
        if not self._source.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(self._source).read_bytes)
        async with (
            httpx.AsyncClient(timeout=5.0, follow_redirects=False) as client,
            client.stream("GET", self._source, headers=_PLAIN) as response,
        ):
            response.raise_for_status()
            # A packed answer may have any size when it is unpacked.
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise ValueError("the key set is packed")
            text = b""
            async for chunk in response.aiter_raw():
                text += chunk
                if len(text) > JWKS_BYTES_MAX:
                    raise ValueError("the key set is too large")
            return text
