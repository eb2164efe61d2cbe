"""How PayPal signs its notifications: RSA over the id, the time, the webhook's id and a CRC-32."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

ALGORITHM = "SHA256withRSA"
_YEARS = timedelta(days=3650)


class Signing:
    """A key with its certificate."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    @classmethod
    def made(cls) -> Signing:
        """A new key."""
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    @classmethod
    def read(cls, text: str) -> Signing:
        """The key that `written` wrote."""
        key = serialization.load_pem_private_key(text.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey), "written by this class"
        return cls(key)

    def written(self) -> str:
        """The key, to be kept in the ledger."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def certificate(self) -> bytes:
        """A certificate that the key signed itself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "messageverificationcerts")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name).issuer_name(name).public_key(self._key.public_key())
            .serial_number(1).not_valid_before(now - _YEARS).not_valid_after(now + _YEARS)
            .sign(self._key, hashes.SHA256())
        )  # fmt: skip
        return made.public_bytes(serialization.Encoding.PEM)

    def sign(self, transmission: str, at: str, webhook: str, body: bytes) -> str:
        """The signature of a notification."""
        signed = self._key.sign(
            _text(transmission, at, webhook, body), padding.PKCS1v15(), hashes.SHA256()
        )
        return base64.b64encode(signed).decode()

    def is_right(
        self, signature: str, transmission: str, at: str, webhook: str, body: bytes
    ) -> bool:
        """Whether a notification was signed with this key."""
        try:
            self._key.public_key().verify(
                base64.b64decode(signature, validate=True),
                _text(transmission, at, webhook, body),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except (InvalidSignature, ValueError):
            return False
        return True


def _text(transmission: str, at: str, webhook: str, body: bytes) -> bytes:
    return f"{transmission}|{at}|{webhook}|{zlib.crc32(body)}".encode()
