"""A refusal of a PostgreSQL server is one sentence for the operator, with what helps."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests import postgres_refusing as refusing
from tests.cli.conftest import Command
from tests.postgres_refusing import Refusing

from entrepot.store.engines import postgres_pools
from entrepot.testing.command_line import run_in
from entrepot.testing.postgres import Postgres

COMMANDS = (("org", "list"), ("verify", "--json"), ("migrate",), ("serve", "--port", "0"))
MAKERS = (*COMMANDS[2:], ("demo",), ("org", "create", "a"))


@pytest.fixture
def url(fresh_database: Callable[[str], str]) -> str:
    return fresh_database("postgres").replace("postgres:postgres@", "postgres@")


REFUSED: list[tuple[Refusing, str, str]] = [
    (refusing.no_database, '_gone" does not exist', "createdb"),
    (refusing.no_role, 'role "nobody" does not exist', "createuser"),
    (refusing.no_login, "is not permitted to log in", "LOGIN"),
    (refusing.wrong_password, "password authentication failed", "correct the password"),
    (refusing.no_password, "password authentication failed", "correct the password"),
    (refusing.tls_demanded, "no encryption", "sslmode=require"),
    (refusing.no_tls_to_be_had, "rejected SSL upgrade", "take `sslmode` out"),
    (refusing.no_line_in_pg_hba, "pg_hba.conf rejects connection", "by a line of pg_hba.conf"),
    (refusing.too_many_of_the_role, "too many connections for role", "CONNECTION LIMIT"),
    (refusing.too_many_of_the_database, "too many connections for database", "CONNECTION LIMIT"),
    (refusing.connections_not_allowed, "not currently accepting", "ALLOW_CONNECTIONS"),
    (refusing.unknown_host, "the host of the database is not known", "correct it"),
    (refusing.closed_port, "cannot be reached: Connection refused", "see that it runs"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("refuse", "says", "helps"), REFUSED, ids=lambda one: getattr(one, "__name__", str(one))[:40]
)
def test_what_keeps_a_command_out_is_told_with_its_remedy(
    postgres: Postgres, url: str, command: Command, refuse: Refusing, says: str, helps: str
) -> None:
    theirs = refuse(postgres, url)
    for words in COMMANDS:
        said = command(*words, DATABASE_URL=theirs).sentence()
        assert says in said
        assert helps in said
        assert "asyncpg" not in said


def test_a_role_without_privileges_is_told_which(
    postgres: Postgres, url: str, empty_database: Callable[[str], str], command: Command
) -> None:
    role = refusing.role_for(postgres, url)
    empty = refusing.as_role(empty_database("postgres"), role)
    for words in MAKERS:
        said = command(*words, DATABASE_URL=empty).sentence()
        assert "permission denied for schema public" in said
        assert "grant the role" in said
    postgres.sql(f"REVOKE TEMPORARY ON DATABASE {refusing.name_of(url)} FROM PUBLIC")
    theirs = refusing.as_role(url, role)
    said = command("org", "create", "a", DATABASE_URL=theirs).sentence()
    assert "temporary" in said
    assert "TEMPORARY on the database" in said


def test_a_statement_that_takes_too_long_is_told(url: str, command: Command) -> None:
    with refusing.held_up_meanwhile(url):
        for words in (("org", "list"), ("verify", "--json"), ("org", "create", "a"), ("demo",)):
            said = command(*words, DATABASE_URL=url).sentence()
            assert "statement timeout" in said
            assert "raise statement_timeout" in said


def test_rows_that_another_program_holds_are_told(
    postgres: Postgres, url: str, command: Command
) -> None:
    postgres.sql(f"ALTER DATABASE {refusing.name_of(url)} SET lock_timeout = '50ms'")
    with refusing.held_up_meanwhile(url):
        said = command("org", "create", "a", DATABASE_URL=url).sentence()
    assert "lock timeout" in said
    assert "try again" in said


def test_an_encoding_without_place_for_all_names_is_refused(
    postgres: Postgres, command: Command, url: str
) -> None:
    for encoding in ("LATIN1", "SQL_ASCII"):
        name = f"{refusing.name_of(url)}_{encoding.lower()}"
        postgres.sql(
            f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' "
            "TEMPLATE template0"
        )
        theirs = url.replace(refusing.name_of(url), name)
        for words in MAKERS:
            said = command(*words, DATABASE_URL=theirs).sentence()
            assert f"encoding is {encoding}" in said
            assert "createdb -E UTF8" in said


def test_tables_of_another_program_are_not_written_to(
    empty_database: Callable[[str], str], postgres: Postgres, command: Command
) -> None:
    theirs = empty_database("postgres")
    address = f"127.0.0.1:{postgres.port}/{refusing.name_of(theirs)}"
    made = command("migrate", DATABASE_URL=f"postgresql://postgres@{address}")
    assert made.code == 0
    postgres.sql("DROP TABLE alembic_version", refusing.name_of(theirs))
    said = command("migrate", DATABASE_URL=f"postgresql://postgres@{address}").sentence()
    assert "has tables already" in said


@pytest.fixture
def standby() -> Iterator[tuple[Postgres, str]]:
    """A server that only reads, and the URL of a book on it."""
    own = Postgres(durable=False)
    own.start()
    try:
        yield own, own.create().replace("postgres:postgres@", "postgres@")
    finally:
        own.stop()


def test_a_standby_is_read_and_not_written_to_and_a_server_that_is_gone_is_told(
    standby: tuple[Postgres, str], command: Command
) -> None:
    server, url = standby
    assert command("demo", DATABASE_URL=url).code == 0
    server.become_a_standby()
    for words in (("org", "list"), ("key", "list"), ("orders",), ("verify", "--json")):
        ended = command(*words, DATABASE_URL=url)
        assert ended.code == 0, ended
    for words in (("serve", "--port", "0"), ("org", "create", "a"), ("key", "revoke", "a")):
        said = command(*words, DATABASE_URL=url).sentence()
        assert "in a read-only transaction" in said
        assert "name the primary server" in said
    server.crash()
    try:
        for words in COMMANDS:
            assert "Connection refused" in command(*words, DATABASE_URL=url).sentence()
    finally:
        server.start_again()


def test_a_port_that_says_nothing_or_something_else_is_told(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pools, "_CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://a@127.0.0.1:{silent.getsockname()[1]}/b"
        said = command("org", "list", DATABASE_URL=url).sentence()
    assert "did not answer in time" in said


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine that nobody signed but itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    day, now = timedelta(days=1), datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - day, now + day
    ).sign(key, hashes.SHA256())
    certificate, private = folder / "server.crt", folder / "server.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ))  # fmt: skip
    return certificate, private


@contextmanager
def _speaking_tls(certificate: Path, private: Path) -> Iterator[int]:
    """A server that agrees to TLS as PostgreSQL does, and shows its certificate; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)

    def speak(listening: socket.socket) -> None:
        with suppress(OSError):  # the client goes away
            plain, _ = listening.accept()
            with plain:
                plain.recv(8)
                plain.sendall(b"S")
                context.wrap_socket(plain, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        speaking = threading.Thread(target=speak, args=(listening,))
        speaking.start()
        yield listening.getsockname()[1]
        speaking.join()


def test_a_certificate_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    certificate, private = _certificate(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    authority, _ = _certificate(other)
    with _speaking_tls(certificate, private) as port:
        url = f"postgresql://a@127.0.0.1:{port}/b?sslmode=verify-full"
        env = {"ENTREPOT_DATABASE_URL": url, "PGSSLROOTCERT": str(authority)}
        said = run_in(tmp_path, env, "org", "list").sentence()
    assert "the certificate of the database is not taken: self-signed certificate" in said
    assert "PGSSLROOTCERT" in said


@pytest.mark.parametrize("name", ["PGSSLROOTCERT", "PGSSLCERT"])
def test_a_file_for_tls_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    _, private = _certificate(tmp_path)
    url = "postgresql://a@127.0.0.1:1/b"
    for env, says in (
        ({name: "absent.crt"}, f"{name}='absent.crt' is no file"),
        ({name: str(private)}, "TLS with the database cannot be set up"),
    ):
        told = env | {"ENTREPOT_DATABASE_URL": f"{url}?sslmode=require"}
        said = run_in(tmp_path, told, "org", "list").sentence()
        assert says in said
        assert "PGSSLROOTCERT" in said or name in said
    if name == "PGSSLCERT":
        said = run_in(tmp_path, {name: "absent.crt", "ENTREPOT_DATABASE_URL": url}, "org", "list")
        assert "is no file" in said.sentence()
    told = {name: "absent.crt", "ENTREPOT_DATABASE_URL": f"{url}?sslmode=disable"}
    assert "Connection refused" in run_in(tmp_path, told, "org", "list").sentence()
