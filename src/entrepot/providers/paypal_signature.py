"""PayPal's signature of a notification, checked here and not by a call.

The scheme is PayPal's: RSA with SHA-256 over the id and the time of the transmission, the id of the
webhook, and the CRC-32 of the body as it was sent. The certificate is at an address that the
notification names. Only PayPal's own hosts, and the account's base URL, are asked for one.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

_HOSTS = frozenset({
    "api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com",
})  # fmt: skip
_ALGORITHM = "SHA256withRSA"
_KEPT_MAX = 16


class Signatures:
    """The check for one account. `fetch` gives what is at an address, or raises."""

    def __init__(self, base_url: str, webhook_id: str, fetch: Callable[[str], bytes]) -> None:
        self._origin, self._webhook_id, self._fetch = _origin(base_url), webhook_id, fetch
        self._keys: dict[str, RSAPublicKey] = {}

    def is_right(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether PayPal has signed these bytes for this webhook."""
        address = headers.get("paypal-cert-url", "")
        if headers.get("paypal-auth-algo") != _ALGORITHM or not self._webhook_id:
            return False
        if not self._may_be_asked(address):
            return False
        signed = "|".join([
            headers.get("paypal-transmission-id", ""), headers.get("paypal-transmission-time", ""),
            self._webhook_id, str(zlib.crc32(body)),
        ])  # fmt: skip
        try:
            signature = base64.b64decode(headers.get("paypal-transmission-sig", ""), validate=True)
            key = self._key(address)
            key.verify(signature, signed.encode(), padding.PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError, OSError):
            return False
        return True

    def _may_be_asked(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
            return _origin(address) == self._origin or (
                parts.scheme == "https" and parts.hostname in _HOSTS and parts.port in (None, 443)
            )
        except ValueError:
            return False

    def _key(self, address: str) -> RSAPublicKey:
        found = self._keys.get(address)
        if found is None:
            certificates = x509.load_pem_x509_certificates(self._fetch(address))
            key = certificates[0].public_key()
            if not isinstance(key, RSAPublicKey):
                raise ValueError("no RSA key")
            if len(self._keys) >= _KEPT_MAX:
                self._keys.clear()
            found = self._keys[address] = key
        return found


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
