"""Times between the wire and the book."""

from __future__ import annotations

import pytest

from entrepot.edge.times import microseconds, millis_text, seconds_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-01", "2026-03-01T00:00:00.000Z"),
        ("2026-03-01T12:00", "2026-03-01T12:00:00.000Z"),
        ("2026-03-01t12:00:00.5z", "2026-03-01T12:00:00.500Z"),
        ("2026-03-01 12:00:00+01:00", "2026-03-01T11:00:00.000Z"),
        ("2026-03-01T12:00:00.25-03", "2026-03-01T15:00:00.250Z"),
        ("2026-03-01 12:00:00+00", "2026-03-01T12:00:00.000Z"),
        # A plus that came as a blank.
        ("2026-03-01T12:00:00 02:00", "2026-03-01T10:00:00.000Z"),
        ("2026-03-01 12:00 0200", "2026-03-01T10:00:00.000Z"),
        ("2026-03-01 12:00:00.5 02", "2026-03-01T10:00:00.500Z"),
        ("2017-01-01T05:29:60 0530", "2017-01-01T00:00:00.000Z"),
        # A leap second is followed by the next day's first: both are that instant here.
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("2016-12-31T23:59:60.999Z", "2017-01-01T00:00:00.000Z"),
        ("2016-12-31T15:59:60-08:00", "2017-01-01T00:00:00.000Z"),
        ("2015-06-30T23:59:60", "2015-07-01T00:00:00.000Z"),
        ("2017-01-01T05:29:60+0530", "2017-01-01T00:00:00.000Z"),
    ],
)
def test_a_time(text: str, shown: str) -> None:
    instant = microseconds(text)
    assert instant is not None
    assert millis_text(instant) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2026-13-01", "2026-02-30", "2026-03-01T24:00", "2026-03-01T12:60:00Z",
        # No leap second: not at the end of a month, or past it.
        "2026-03-01T12:00:60Z", "2016-12-30T23:59:60Z", "2016-12-31T23:59:60+01:00",
        "2016-12-31T23:59:61Z", "9999-12-31T23:59:60Z", "2016-12-31T23:58:60Z",
        "2016-12-31T23:59:59+00:60", "2026-03-01T12:00:00 25:00", "2026-03-01T12:00:00  02:00",
        "2026-03-01T12:00:00+2", "2026-03-01T12:00:00+02:", "2026-03-01 12", "2026-03-01T12:00 ",
        "2026-03-01T12:00:00 Z", "2026-03-01T12:00:00+02 00", "2026-03-01 02:00 02:00 02:00",
        # Digits of other scripts.
        "\u0662\u0660\u0662\u0666-03-01", "2026-03-01T12:00:0\u0660Z", "\uff12026-03-01",
    ],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    assert microseconds(text) is None


@pytest.mark.parametrize(
    ("instant", "seconds", "millis"),
    [
        (1 << 62, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        (-(1 << 62), "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_a_time_that_no_calendar_has_is_shown_as_the_nearest(
    instant: int, seconds: str, millis: str
) -> None:
    """One damaged time made every list that had its row answer 500."""
    assert (seconds_text(instant), millis_text(instant)) == (seconds, millis)
