"""Every knob: its name, type, unit, default and meaning, read once from the environment and a file.

`ENTREPOT_DATABASE_URL=...` in the environment wins over `database_url = "..."` in the TOML file
that `ENTREPOT_CONFIG` names. All faults are told at once. docs/settings.md is printed from here.
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

PREFIX = "ENTREPOT_"
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\s\[\]]+):([0-9]{1,5})")
_WHOLE = re.compile(r"\+?[0-9]{1,12}", re.ASCII)
_NUMBER = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE
)
_INT_MAX, _FLOAT_MAX, _PORT_MAX = 1_000_000_000, 1e12, 65_535
LOG_LEVELS = ("debug", "info", "warning", "error")


# Knobs of the test suite, which no program reads.
_OF_THE_TESTS = tuple(PREFIX + name for name in ("CRASH_", "FUZZ_", "BENCH_"))


class SettingsError(Exception):
    """Settings that cannot be taken; one line a fault."""


def _knob(default: Any, meaning: str) -> Any:
    return dataclasses.field(default=default, metadata={"meaning": meaning})


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The knobs of one process. Durations are seconds, sizes bytes."""

    database_url: str = _knob(
        "sqlite:///var/entrepot.db",
        "Where the order book is: `sqlite:///path` or `postgresql://user:password@host:port/name`; "
        "the latter takes `?sslmode=` as PostgreSQL's own programs do, and `PGSSLROOTCERT`.",
    )
    database_pool: int = _knob(8, "Connections to PostgreSQL a process holds at most; 2 at least.")
    migrate: bool = _knob(True, "Whether `serve` brings the schema to head before it starts.")
    rate_limit: float | None = _knob(
        10_000.0,
        "Requests a second an organization may send to one `serve`, all its processes together "
        "(token bucket), or `off`. The default is above what one process answers: it bounds an "
        "organization that would take several processes for itself.",
    )
    metrics_address: str = _knob(
        "",
        "Address of its own for `/metrics`, as `host:port`; the figures are then not told at the "
        "server's own address. Nobody is asked for credentials there: bind it where only your "
        "monitoring comes.",
    )
    metrics_token: str = _knob(
        "",
        "Bearer token that `/metrics` at the server's own address asks for; without one the "
        "figures of all organizations together are told to whoever comes.",
    )
    log_level: str = _knob("info", "Least level logged: debug, info, warning, error.")
    sandbox_ledger: str = _knob(
        "var/sandbox.db", "The sandbox payment provider's own ledger, an SQLite file."
    )
    batch_max: int = _knob(256, "Orders a transaction takes at most.")
    queue_max: int = _knob(20_000, "Orders that may wait for a transaction; beyond, 503.")
    queue_seconds: float = _knob(
        2.0,
        "How long an order may wait for a transaction, an array six times as long; who would have "
        "to expect half of that is refused at once: 503.",
    )
    lease_seconds: float = _knob(60.0, "How long a worker holds a job before another may take it.")
    hold_seconds: float = _knob(
        86_400.0, "How long stock is held for a payment that its provider leaves pending."
    )
    retry_seconds: float = _knob(1.0, "First wait before a failed step is tried again; it doubles.")
    provider_calls_max: int = _knob(512, "Calls to payment providers under way at once.")
    connections_max: int = _knob(
        10_000,
        "Connections that a process serves; those beyond are told 503 and closed. Fewer, where the "
        "system allows fewer open files (`ulimit -Hn`).",
    )
    headers_seconds: float = _knob(10.0, "Within this a request's headers have to be complete.")
    body_seconds: float = _knob(30.0, "Within this a request's body has to be complete.")
    drain_seconds: float = _knob(20.0, "How long a stopping server finishes what it has begun.")
    jwt_issuer: str = _knob("", "Issuer (`iss`) of the JWTs that Synq requests may carry.")
    jwt_audience: str = _knob("", "Audience (`aud`) that such a JWT must name.")
    jwt_jwks: str = _knob("", "The issuer's key set: a file's path or a URL.")
    idempotency_days: float | None = _knob(
        30.0,
        "How long an idempotency key is remembered, 1 or more, or `off` for ever; a repeat after "
        "that is a new request.",
    )
    events_days: float | None = _knob(
        None,
        "How long after its last change a finished order's events move to the archive, all but the "
        "last one; 1 or more, or `off`: they stay.",
    )
    archive_dir: str = _knob(
        "", "Folder of the events' archive; needed where `ENTREPOT_EVENTS_DAYS` is set."
    )
    role: str = _knob("all", "What this process does: `all`, `api` or `worker`.")


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
            values[name] = _parse(str(field.type), raw)
        except ValueError as error:
            faults.append(f"{PREFIX}{name.upper()}={raw!r}: {error}")
    faults.extend(_unknown(env, known))
    values |= {name: str(values[name]).lower() for name in ("role", "log_level") if name in values}
    if values.get("role", "all") not in ("all", "api", "worker"):
        faults.append(f"{PREFIX}ROLE={values['role']!r}: must be all, api or worker")
    if values.get("log_level", "info") not in LOG_LEVELS:
        faults.append(f"{PREFIX}LOG_LEVEL={values['log_level']!r}: one of {', '.join(LOG_LEVELS)}")
    jwt = [values.get(name) for name in ("jwt_issuer", "jwt_audience", "jwt_jwks")]
    if any(jwt) and not all(jwt):
        faults.append(f"{PREFIX}JWT_ISSUER, _AUDIENCE and _JWKS: set all three or none")
    faults.extend(_key_set_faults(values.get("jwt_jwks")))
    faults.extend(_retention_faults(values))
    own = values.get("metrics_address")
    address = _ADDRESS.fullmatch(own) if own else None
    if own and (address is None or not 0 < int(address[2]) <= _PORT_MAX):
        faults.append(f"{PREFIX}METRICS_ADDRESS={own!r}: must be host:port")
    faults.extend(
        f"{PREFIX}{name.upper()} is empty; name a file, or leave it out"
        for name in ("database_url", "sandbox_ledger")
        if not values.get(name, "named")
    )
    if faults:
        raise SettingsError("\n".join(faults))
    return Settings(**values)


def _unknown(env: Mapping[str, str], known: Mapping[str, Any]) -> list[str]:
    """A misspelt variable would be ignored in silence, and its setting would keep its default."""
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
        said = f"{PREFIX}JWT_JWKS={jwks!r}: {error.strerror}; name the file of the issuer's key set"
        return [said]
    return []


def _retention_faults(values: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{PREFIX}{name.upper()}={values[name]!r}: must be 1 or more, or off"
        for name in ("idempotency_days", "events_days")
        if (values.get(name) or 1) < 1
    ]
    folder = values.get("archive_dir")
    if values.get("events_days") is not None and not folder:
        faults.append(
            f"{PREFIX}EVENTS_DAYS={values['events_days']!r}: events leave the book only for an "
            f"archive; set {PREFIX}ARCHIVE_DIR to its folder"
        )
    if folder and Path(folder).exists() and not Path(folder).is_dir():
        faults.append(f"{PREFIX}ARCHIVE_DIR={folder!r}: is no folder")
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


def _parse(type_: str, raw: Any) -> Any:
    """The value of one knob. Raises ValueError, which says what it must be and not what it is."""
    # A file has values of types; the environment has only text.
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
        if not _WHOLE.fullmatch(text) or not 0 < int(text) <= _INT_MAX:
            raise ValueError(f"must be a whole number from 1 to {_INT_MAX:,}")
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
    """Whether the environment's bytes were UTF-8; Python keeps other ones as surrogates."""
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
