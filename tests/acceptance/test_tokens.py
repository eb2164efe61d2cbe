"""Tokens of a configured issuer: whose they are, what they allow, and forgeries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from entrepot.testing.clients import SYNQ_ORDERS, Body, World, assert_envelope, speaking
from entrepot.testing.server import Server

ISSUER = "https://issuer.example.org/"
AUDIENCE = "entrepot-acceptance"
ABSENT = None


class Issuer:
    """An identity provider: three keys, their JWKS file, and the tokens it signs."""

    def __init__(self, folder: Path) -> None:
        self.keys: dict[str, Any] = {
            "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
            "ES256": ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        }
        known = []
        for algorithm, key in self.keys.items():
            writer: Any = jwt.get_algorithm_by_name(algorithm)
            public = json.loads(writer.to_jwk(key.public_key()))
            known.append(public | {"kid": algorithm, "use": "sig", "alg": algorithm})
        self.jwks = folder / "jwks.json"
        self.jwks.write_text(json.dumps({"keys": known}))
        self.env = {
            "ENTREPOT_JWT_ISSUER": ISSUER,
            "ENTREPOT_JWT_AUDIENCE": AUDIENCE,
            "ENTREPOT_JWT_JWKS": str(self.jwks),
        }

    def claims(self, world: World, **changes: object) -> Body:
        now = int(time.time())
        claims: Body = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "user-1",
            "iat": now,
            "exp": now + 3600,
            "tenant_id": world.synq.headers["X-Tenant-ID"],
            "org_id": world.synq.headers["X-Org-ID"],
            "role": "EDITOR",
        }
        return {name: value for name, value in (claims | changes).items() if value is not ABSENT}

    def sign(self, claims: Body, algorithm: str = "RS256", kid: str | None = None) -> str:
        headers = {"kid": kid or algorithm}
        return jwt.encode(claims, self.keys[algorithm], algorithm=algorithm, headers=headers)

    def forge(self, claims: Body, algorithm: str) -> str:
        """A token without signature, or signed with the public key as if it were a secret."""
        header = {"alg": algorithm, "typ": "JWT", "kid": "RS256"}
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
            for part in (header, claims)
        ]
        text = b".".join(parts)
        signature = b""
        if algorithm == "HS256":
            public = self.keys["RS256"].public_key()
            secret = public.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            digest = hmac.new(secret, text, hashlib.sha256).digest()
            signature = base64.urlsafe_b64encode(digest).rstrip(b"=")
        return (text + b"." + signature).decode()


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
def trusting(
    issuer: Issuer, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """An organization of a server that trusts the issuer."""
    folder = tmp_path_factory.mktemp("trusting")
    with Server(module_database_url, folder, env=issuer.env) as server, speaking(server) as world:
        yield world


def ask_with(world: World, token: str, body: Body | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    method = "GET" if body is None else "POST"
    return world.synq.http.request(method, SYNQ_ORDERS, headers=headers, json=body)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_token_of_the_issuer_is_taken(algorithm: str, issuer: Issuer, trusting: World) -> None:
    token = issuer.sign(issuer.claims(trusting), algorithm)
    assert ask_with(trusting, token).status_code == 200
    assert ask_with(trusting, token, trusting.synq_order()).status_code == 201


LATER = int(time.time()) + 3000


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"tenantid": "as tenant_id", "tenant_id": ABSENT}, 200),
        ({"exp": 1_700_000_000}, 401),
        ({"exp": ABSENT}, 401),
        ({"nbf": LATER}, 401),
        ({"aud": "somebody-else"}, 401),
        ({"aud": ABSENT}, 401),
        ({"iss": "https://evil.example.org/"}, 401),
        ({"tenant_id": ABSENT}, 403),
        ({"org_id": ABSENT}, 403),
        ({"role": ABSENT}, 403),
        ({"role": "JANITOR"}, 403),
        ({"org_id": str(uuid.uuid4())}, 403),
        ({"tenant_id": str(uuid.uuid4())}, 403),
    ],
)
def test_the_claims_decide(changes: Body, status: int, issuer: Issuer, trusting: World) -> None:
    if "tenantid" in changes:
        changes = changes | {"tenantid": trusting.synq.headers["X-Tenant-ID"]}
    answer = ask_with(trusting, issuer.sign(issuer.claims(trusting, **changes)))
    assert answer.status_code == status, answer.text
    if status != 200:
        assert_envelope("synq", answer)


@pytest.mark.parametrize(
    ("role", "status"),
    [("ADMIN", 201), ("member", 201), ("editor", 201), ("VIEWER", 403), ("viewer", 403)],
)
def test_the_role_decides(role: str, status: int, issuer: Issuer, trusting: World) -> None:
    token = issuer.sign(issuer.claims(trusting, role=role))
    assert ask_with(trusting, token).status_code == 200
    assert ask_with(trusting, token, trusting.synq_order()).status_code == status


def test_forged_tokens_are_refused(issuer: Issuer, trusting: World, tmp_path: Path) -> None:
    claims = issuer.claims(trusting)
    good = issuer.sign(claims)
    head, payload, signature = good.split(".")
    stranger = Issuer(tmp_path)
    forged = {
        "no algorithm": issuer.forge(claims, "none"),
        "the public key as a secret": issuer.forge(claims, "HS256"),
        "no signature": f"{head}.{payload}.",
        "another payload": f"{head}.{issuer.sign(claims | {'role': 'ADMIN'}).split('.')[1]}."
        + signature,
        "a stranger's key": stranger.sign(claims),
        "a key nobody knows": issuer.sign(claims, kid="other"),
        "the wrong key's name": issuer.sign(claims, kid="ES256"),
        "nonsense": "a.b.c",
    }
    assert ask_with(trusting, good).status_code == 200
    assert {name: ask_with(trusting, token).status_code for name, token in forged.items()} == (
        dict.fromkeys(forged, 401)
    )


def test_a_token_may_not_reach_an_organization_beside_its_own(
    issuer: Issuer, trusting: World, module_database_url: str, tmp_path: Path
) -> None:
    made = json.loads(Server(module_database_url, tmp_path).command("org", "create", "B", "--json"))
    claims = issuer.claims(trusting, org_id=made["synq"]["org_id"])
    mixed = ask_with(trusting, issuer.sign(claims))
    assert mixed.status_code == 403
    assert_envelope("synq", mixed)
