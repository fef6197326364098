"""Dates are written with the month as a word, so that no reader takes the day for the month."""

from __future__ import annotations

from datetime import date, datetime

_MONTHS = (
    "January February March April May June July August September October November December".split()
)  # not strftime's, which follow the machine's locale


def day(moment: date) -> str:
    """`20 November 2026`: the calendar date as written, never moved to another zone (formats.md, calendar dates)."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def minute(moment: datetime) -> str:
    """`22 November 2026, 09:00 UTC` of an aware moment in UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"
