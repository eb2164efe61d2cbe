"""Times between the wire and the book: ISO 8601 text, microseconds since the epoch in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+\- ]\d{2}(?::?[0-5]\d)?)?)?\Z",
    re.ASCII,
)
# A plus that nobody escaped in a query comes as a blank.
_BARE_PLUS = re.compile(r" (?=\d{2}(?::?\d{2})?\Z)", re.ASCII)
_LEAP = re.compile(r":60(?:\.\d{1,9})?", re.ASCII)
_TO_MINUTES = len("2026-03-01T12:00")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def microseconds(text: str) -> int | None:
    """The instant that ISO 8601 text names (UTC where it names no offset); None when it is none."""
    if not _ISO.match(text):
        return None
    if " " in text[_TO_MINUTES:]:
        text = text[:_TO_MINUTES] + _BARE_PLUS.sub("+", text[_TO_MINUTES:])
    leap = _LEAP.match(text, _TO_MINUTES)
    if leap is not None:
        return _after_leap(text[:_TO_MINUTES] + ":59" + text[leap.end() :])
    try:
        when = datetime.fromisoformat(text.upper().replace(" ", "T"))
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        # An offset can lead out of the years that a time can be shown in.
        span = when.astimezone(UTC) - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def _after_leap(text: str) -> int | None:
    """The instant that follows a leap second, which our count of seconds has no place for.

    None where no leap second can be: not at the end of a month in UTC.
    """
    before = microseconds(text)
    if before is None:
        return None
    after = before + 1_000_000
    try:
        ends_month = _at(after).strftime("%d %H:%M:%S") == "01 00:00:00"
    except (ValueError, OverflowError):
        return None
    return after if ends_month else None


def _at(instant: int) -> datetime:
    return datetime.fromtimestamp(instant // 1_000_000, UTC)


def _nearest(instant: int) -> int:
    """The instant, or the nearest one that a calendar has: a damaged time keeps nobody from the
    list that it is in, and what is no number is the first instant that is counted.
    """
    return min(max(instant, _FIRST), _LAST) if type(instant) is int else 0


# All orders of a batch were placed at one instant.
@lru_cache(maxsize=1024)
def seconds_text(instant: int) -> str:
    """RFC 3339, whole seconds: `2026-03-01T12:00:00Z`."""
    return _at(_nearest(instant)).isoformat(timespec="seconds")[:19] + "Z"


@lru_cache(maxsize=1024)
def millis_text(instant: int) -> str:
    """ISO 8601, milliseconds: `2026-03-01T12:00:00.000Z`."""
    instant = _nearest(instant)
    return f"{_at(instant).isoformat(timespec='seconds')[:19]}.{instant // 1000 % 1000:03d}Z"
