"""Every setting: name, type, unit, default and meaning, read once from environment and file.

`ENTREPOT_DATABASE_URL=...` in the environment wins over `database_url = "..."` in the TOML file
that `ENTREPOT_CONFIG` names. The error lists all faults. docs/settings.md is printed from here.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from entrepot.core.webhooks import url_fault
from entrepot.sealing import keys_of

PREFIX = "ENTREPOT_"
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\s\[\]]+):([0-9]{1,5})")
_WHOLE = re.compile(r"\+?[0-9]{1,12}", re.ASCII)
_NUMBER = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE
)
_INT_MAX, _FLOAT_MAX, _PORT_MAX = 1_000_000_000, 1e12, 65_535
LOG_LEVELS = ("debug", "info", "warning", "error")


# The test suite reads these variables; the program does not.
_OF_THE_TESTS = tuple(PREFIX + name for name in ("CRASH_", "FUZZ_", "BENCH_", "TEST_", "FAILPOINT"))


# An empty token, of a variable that somebody forgot to fill, would let everybody in.
_NEVER_EMPTY = {
    "database_url": "name a file", "sandbox_ledger": "name a file", "metrics_token": "tell a token",
}  # fmt: skip


class SettingsError(Exception):
    """Settings are wrong; the text has a line for each fault."""


def _setting(
    default: Any, meaning: str, *, least: int = 1, most: int = _INT_MAX, secret: bool = False
) -> Any:
    """A setting. `least` and `most` bound a whole number. No fault shows a `secret` one."""
    return dataclasses.field(
        default=default, metadata={"meaning": meaning, "bounds": (least, most), "secret": secret}
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. Durations are seconds, sizes are bytes."""

    database_url: str = _setting(
        "sqlite:///var/entrepot.db",
        "The order book: `sqlite:///path` or `postgresql://user:password@host:port/name`. "
        "For PostgreSQL, `?sslmode=` and `PGSSLROOTCERT` mean what they mean to `psql`.",
    )
    database_pool: int = _setting(
        8, "Most connections to PostgreSQL of one process, 2 or more.", least=2
    )
    database_pooler: str = _setting(
        "auto",
        "Whether a pooler such as PgBouncer in transaction mode stands before PostgreSQL: `yes`, "
        "`no`, or `auto` to find out. Without a pooler Entrepot is faster, because PostgreSQL then "
        "prepares each statement once.",
    )
    migrate: bool = _setting(True, "Whether `serve` migrates the schema before it starts.")
    rate_limit: float | None = _setting(
        10_000.0,
        "Requests a second that one organization may send to one `serve`, counted over all its "
        "processes (token bucket), or `off`. One process answers fewer than the default, so the "
        "default only stops an organization that would fill several processes.",
    )
    metrics_address: str = _setting(
        "",
        "A separate address for `/metrics`, as `host:port`. The main address then has no "
        "`/metrics`. The separate address asks for no credentials: choose one that only your "
        "monitoring can reach.",
    )
    metrics_token: str = _setting(
        "",
        "Bearer token for `/metrics` at the main address. Without this setting, everybody who "
        "reaches the server can read the figures, which cover all organizations together. A token "
        "that is empty stops the start.",
        secret=True,
    )
    log_level: str = _setting("info", "Lowest level that is logged: debug, info, warning or error.")
    sandbox: bool = _setting(
        True,
        "Whether the sandbox answers for payment providers that have no account here, with play "
        "money. With `off` an order with such a provider is refused with 400.",
    )
    sandbox_ledger: str = _setting(
        "var/sandbox.db", "SQLite file with the ledger of the sandbox payment provider."
    )
    seal_keys: str = _setting(
        "",
        "Keys that seal accounts at payment services and the secrets of webhooks in the book: 32 "
        "bytes in base64 each, with a comma between. The first key seals, and all of them open: "
        "put a new key before the old one, run `entrepot provider reseal`, and take the old one "
        "away.",
        secret=True,
    )
    webhooks_private: bool = _setting(
        False,
        "Whether webhooks may be at addresses of this machine and of private networks, and at "
        "http addresses. Allow it only where every organization is trusted: a webhook reaches what "
        "the server reaches.",
    )
    integration_url: str = _setting(
        "",
        "Address of the integration service that connects shops, such as `https://api.unified.to`. "
        "Without it no shop can be connected.",
    )
    integration_key: str = _setting("", "Our key at the integration service.", secret=True)
    integration_workspace: str = _setting(
        "", "Name of our workspace at the integration service, if it asks for one."
    )
    integration_secret: str = _setting(
        "",
        "Secret with which the integration service signs what it sends to `/unified/webhook`. "
        "Without it every such event is refused with 500.",
        secret=True,
    )
    integration_private: bool = _setting(
        False,
        "Whether the integration service may be at an address of this machine or of a private "
        "network, and at an http address.",
    )
    integration_trusts_clients: bool = _setting(
        False,
        "Whether the platform of a connection that a client tells is taken where the integration "
        "service cannot be asked. For tests: an organization could then tell any connection as "
        "its own.",
    )
    batch_max: int = _setting(256, "Most orders in one transaction.")
    queue_max: int = _setting(
        20_000, "Most orders that wait for a transaction; further ones get 503."
    )
    queue_seconds: float = _setting(
        2.0,
        "Longest wait of an order for a transaction; an array may wait six times as long. A "
        "request whose expected wait is more than half of this is refused at once with 503.",
    )
    lease_seconds: float = _setting(
        60.0, "How long a worker holds a job before another worker may take it."
    )
    hold_seconds: float = _setting(
        86_400.0, "How long stock is held for an order whose payment is pending at the provider."
    )
    retry_seconds: float = _setting(
        1.0, "Wait before the first retry of a failed step; the wait doubles with each try."
    )
    provider_calls_max: int = _setting(512, "Most calls to payment providers at the same time.")
    account_calls_max: int = _setting(
        32, "Most calls at the same time to a payment service for one account at the service."
    )
    connections_max: int = _setting(
        10_000,
        "Most connections of one process; further ones get 503 and are closed. If the system "
        "allows fewer open files (`ulimit -Hn`), that limit counts.",
    )
    headers_seconds: float = _setting(10.0, "Time limit for a request's headers to arrive.")
    body_seconds: float = _setting(30.0, "Time limit for a request's body to arrive.")
    drain_seconds: float = _setting(
        20.0, "How long a stopping server waits for requests and steps that have begun."
    )
    jwt_issuer: str = _setting("", "Issuer (`iss`) of the JWTs that Synq accepts.")
    jwt_audience: str = _setting("", "Audience (`aud`) that a JWT must name.")
    jwt_jwks: str = _setting("", "Key set of the issuer: the path of a file, or a URL.")
    idempotency_days: float | None = _setting(
        30.0,
        "Days for which an idempotency key is kept, 1 or more, or `off` to keep keys for ever. A "
        "repeat after that time is a new request.",
    )
    events_days: float | None = _setting(
        None,
        "Days between the last change of a finished order and the move of its events to the "
        "archive, 1 or more, or `off` to keep events in the book. The last event always stays.",
    )
    click_address_days: float | None = _setting(
        30.0,
        "Days for which the network address that a click came from is kept, 1 or more, or `off` to "
        "keep addresses for ever. The rest of the touch stays.",
    )
    archive_dir: str = _setting(
        "", "Folder of the archive of events; required with `ENTREPOT_EVENTS_DAYS`."
    )
    cell: int = _setting(
        0,
        "Number of this order book among several, 0 to 65,535. Organizations get numbers that no "
        "other book gives, and the text of new keys names the book.",
        least=0,
        most=65_535,
    )
    role: str = _setting("all", "The work of this process: `all`, `api` or `worker`.")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises SettingsError with every fault."""
    env = os.environ if environ is None else environ
    faults: list[str] = []
    values: dict[str, Any] = {}
    from_file = _file(env.get(PREFIX + "CONFIG"), faults)
    known = {field.name: field for field in dataclasses.fields(Settings)}
    faults.extend(
        f"{name}: no such setting (config file)" for name in from_file if name not in known
    )
    for name, field in known.items():
        raw = env.get(PREFIX + name.upper(), from_file.get(name))
        if raw is None:
            continue
        try:
            values[name] = _parse(str(field.type), raw, field.metadata["bounds"])
        except ValueError as error:
            shown = "" if field.metadata["secret"] else f"={raw!r}"
            faults.append(f"{PREFIX}{name.upper()}{shown}: {error}")
    faults.extend(_unknown(env, known))
    words = ("role", "log_level", "database_pooler")
    values |= {name: str(values[name]).lower() for name in words if name in values}
    if values.get("database_pooler", "auto") not in ("auto", "yes", "no"):
        chosen = values["database_pooler"]
        faults.append(f"{PREFIX}DATABASE_POOLER={chosen!r}: must be auto, yes or no")
    if values.get("role", "all") not in ("all", "api", "worker"):
        faults.append(f"{PREFIX}ROLE={values['role']!r}: must be all, api or worker")
    if values.get("log_level", "info") not in LOG_LEVELS:
        faults.append(f"{PREFIX}LOG_LEVEL={values['log_level']!r}: one of {', '.join(LOG_LEVELS)}")
    jwt = [values.get(name) for name in ("jwt_issuer", "jwt_audience", "jwt_jwks")]
    if any(jwt) and not all(jwt):
        faults.append(f"{PREFIX}JWT_ISSUER, _AUDIENCE and _JWKS: set all three or none")
    faults.extend(_key_set_faults(values.get("jwt_jwks")))
    faults.extend(_retention_faults(values))
    try:
        keys_of(values.get("seal_keys", ""))
    except ValueError as error:
        # The value is a secret, so the fault does not show it.
        faults.append(f"{PREFIX}SEAL_KEYS: {error}")
    service = values.get("integration_url")
    if service and (fault := url_fault(service, private=True)):
        faults.append(f"{PREFIX}INTEGRATION_URL={service!r}: {fault}")
    own = values.get("metrics_address")
    address = _ADDRESS.fullmatch(own) if own else None
    if own and (address is None or not 0 < int(address[2]) <= _PORT_MAX):
        faults.append(f"{PREFIX}METRICS_ADDRESS={own!r}: must be host:port")
    faults.extend(
        f"{PREFIX}{name.upper()} is empty; {told}, or remove the setting"
        for name, told in _NEVER_EMPTY.items()
        if not values.get(name, "told")
    )
    if faults:
        raise SettingsError("\n".join(faults))
    return Settings(**values)


def _unknown(env: Mapping[str, str], known: Mapping[str, Any]) -> list[str]:
    """A fault for each variable that no setting has: without it, a typo would be ignored."""
    names = [PREFIX + name.upper() for name in (*known, "config")]
    faults = []
    for name in sorted(env):
        if not name.upper().startswith(PREFIX) or name in names or name.startswith(_OF_THE_TESTS):
            continue
        alike = difflib.get_close_matches(name.upper(), names, n=1)
        hint = f"did you mean {alike[0]}?" if alike else "docs/settings.md lists them"
        faults.append(f"{name}: no such setting; {hint}")
    return faults


def _key_set_faults(jwks: str | None) -> list[str]:
    if not jwks or "://" in jwks:
        return []
    try:
        Path(jwks).read_bytes()
    except OSError as error:
        fault = (
            f"{PREFIX}JWT_JWKS={jwks!r}: {error.strerror}; name the file of the issuer's key set"
        )
        return [fault]
    return []


def _retention_faults(values: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{PREFIX}{name.upper()}={values[name]!r}: must be 1 or more, or off"
        for name in ("idempotency_days", "events_days", "click_address_days")
        if (values.get(name) or 1) < 1
    ]
    folder = values.get("archive_dir")
    if values.get("events_days") is not None and not folder:
        faults.append(
            f"{PREFIX}EVENTS_DAYS={values['events_days']!r}: events need an archive to move to; "
            f"set {PREFIX}ARCHIVE_DIR to its folder"
        )
    if folder and Path(folder).exists() and not Path(folder).is_dir():
        faults.append(f"{PREFIX}ARCHIVE_DIR={folder!r}: is not a folder")
    return faults


def _file(path: str | None, faults: list[str]) -> dict[str, Any]:
    if not path:
        return {}
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        faults.append(f"{PREFIX}CONFIG={path!r}: must be a TOML file in UTF-8")
    except (OSError, tomllib.TOMLDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        faults.append(f"{PREFIX}CONFIG={path!r}: {why}; name a TOML file")
    return {}


def _parse(type_: str, raw: Any, bounds: tuple[int, int]) -> Any:
    """The value of one setting. Raises ValueError, which says what the value must be."""
    # A TOML file has typed values; the environment has only text.
    if type_ == "str" and not isinstance(raw, str):
        raise ValueError("must be text")
    text = str(raw).strip()
    if isinstance(raw, str) and not _is_utf8(text):
        raise ValueError("must be UTF-8")
    if type_ == "bool":
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise ValueError("must be true or false")
    if type_ == "int":
        least, most = bounds
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most:,}")
        return int(text)
    if type_.startswith("float"):
        may_be_off = "None" in type_
        if may_be_off and text.lower() == "off":
            return None
        if not _NUMBER.fullmatch(text) or not 0 < float(text) < _FLOAT_MAX:
            off = ", or off" if may_be_off else ""
            raise ValueError(f"must be a number above 0 and below {_FLOAT_MAX:,.0f}{off}")
        return float(text)
    return text


def _is_utf8(text: str) -> bool:
    """Whether the bytes of the environment were UTF-8. Python keeps other bytes as surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def described() -> list[tuple[str, str, str, str]]:
    """(variable, type, default, meaning) of every setting, for the printed documentation."""
    return [
        (
            PREFIX + field.name.upper(),
            str(field.type).replace(" | None", " or off"),
            "off" if field.default is None else str(field.default),
            field.metadata["meaning"],
        )
        for field in dataclasses.fields(Settings)
    ]
