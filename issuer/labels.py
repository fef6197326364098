"""The fixed words of a printed certificate and how it writes dates: one table, another language is another row."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Labels(Struct, frozen=True, rename="camel"):
    """The fixed words, in one language; with {} where something is filled in."""

    language: str
    certifies: str
    met: str
    pillars: dict[str, str]
    join: tuple[str, str]  # between words of a list, and before its last one
    facts: dict[str, str]
    months: tuple[str, ...]
    date: str
    can_now: str
    issued: str
    cosigned: str
    check: str
    scan: str
    upload: str
    seal: str
    seal_page: tuple[str, ...]
    seal_file: tuple[str, ...]
    seal_alt: str
    qr_alt: str
    logo_alt: str
    attachment: str
    description: str


LABELS = {
    "en": Labels(
        language="en",
        certifies="This certifies that",
        met="has met every pass criterion, in {}, of",
        pillars={"theory": "theory", "demonstration": "demonstration", "practice": "live practice"},
        join=(", ", " and "),
        facts={
            "week": "1 week",
            "weeks": "{} weeks",
            "hour": "1 hour",
            "hours": "{} hours",
            "minute": "1 minute",
            "minutes": "{} minutes",
            "version": "syllabus version {}",
            "awarded": "awarded {}",
            "until": "valid until {}",
        },
        months=tuple("January February March April May June July August September October November December".split()),
        date="{day} {month} {year}",
        can_now="Can now",
        issued="Issued by",
        cosigned="Co-signed by",
        check="Check it",
        scan="Scan, or type at",
        upload="Upload this file at",
        seal="Seal of this certificate",
        seal_page=("The same picture appears on", "the page that the code opens."),
        seal_file=("The same picture appears when", "this file is checked."),
        seal_alt="Seal of this certificate: a rosette of fine lines drawn from its content",
        qr_alt="QR code that opens {}",
        logo_alt="Logo of {}",
        attachment="The signed credential, for checking",
        description="Certificate of {}",
    )
}


def printed_date(moment: datetime, labels: Labels) -> str:
    """A calendar date as people write it: the day that is written in the certificate, in no other time zone."""
    return labels.date.format(day=moment.day, month=labels.months[moment.month - 1], year=moment.year)
