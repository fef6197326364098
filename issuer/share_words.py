"""The fixed words of cards and captions stand in one table; another language is another row.

A language without a row takes the English words. Counts are written so that no language needs forms of the plural.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class ShareWords(Struct, frozen=True):
    """The fixed words in one language; with {} where something is filled in."""

    language: str
    course: str
    certificate: str
    earned: str  # between a name and a programme
    afterwards: str
    bodies: str  # over the partner bodies of a programme: how many of them must co-sign
    cosigned: str
    weeks: str
    hours: str
    minutes: str
    awarded: str
    date: str
    months: tuple[str, ...] = ()
    week: str = ""  # for one, where the language has such a form
    hour: str = ""
    colon: str = ": "

    def count(self, number: int, unit: str) -> str:
        """`6 weeks`, held together by no-break spaces; `unit` is week, hour or minute."""
        one = getattr(self, unit, "") if number == 1 else ""
        return (one or getattr(self, f"{unit}s").format(number)).replace(" ", "\u00a0")

    def day(self, moment: datetime) -> str:
        """A calendar date as it is written in the certificate, in no other time zone."""
        name = self.months[moment.month - 1] if self.months else ""
        return self.date.format(day=moment.day, month=moment.month, name=name, year=moment.year)

    def duration(self, weeks: int, minutes: int) -> str:
        """`6 weeks · 36 hours`."""
        hours, rest = divmod(minutes, 60)
        parts = [self.count(weeks, "week")]
        parts += [self.count(hours, "hour")] * (hours > 0) + [self.count(rest, "minute")] * (rest > 0)
        return " · ".join(parts)


_WORDS = {
    "en": ShareWords(
        language="en",
        course="Short course with certificate",
        certificate="Certificate",
        earned="has met every pass criterion of",
        afterwards="Afterwards you can",
        bodies="Each certificate is co-signed by at least {} of",
        cosigned="Co-signed by",
        week="1 week",
        weeks="{} weeks",
        hour="1 hour",
        hours="{} hours",
        minutes="{} minutes",
        awarded="awarded {}",
        date="{day} {name} {year}",
        months=tuple("January February March April May June July August September October November December".split()),
    ),
    "th": ShareWords(
        language="th",
        course="หลักสูตรระยะสั้นพร้อมใบรับรอง",
        certificate="ใบรับรอง",
        earned="ผ่านเกณฑ์การประเมินครบทุกข้อของหลักสูตร",
        afterwards="เรียนจบแล้วทำได้",
        bodies="ใบรับรองทุกใบลงนามร่วมโดยองค์กรต่อไปนี้อย่างน้อย {} แห่ง",
        cosigned="ลงนามร่วมโดย",
        weeks="{} สัปดาห์",
        hours="{} ชั่วโมง",
        minutes="{} นาที",
        awarded="มอบให้เมื่อ {}",
        date="{day} {name} ค.ศ. {year}",
        months=tuple("มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม".split()),
    ),
    "ar": ShareWords(
        language="ar",
        course="دورة قصيرة مع شهادة",
        certificate="شهادة",
        earned="استوفى كل معايير النجاح في",
        afterwards="ما ستتقنه بعدها",
        bodies="جهات توقّع الشهادات، والحد الأدنى لكل شهادة:\u00a0{}",
        cosigned="وقّعتها أيضًا",
        weeks="الأسابيع: {}",
        hours="الساعات: {}",
        minutes="الدقائق: {}",
        awarded="تاريخ المنح: {}",
        date="{day} {name} {year}",
        months=tuple("يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر".split()),
    ),
    "zh": ShareWords(
        language="zh",
        course="短期课程（附证书）",
        certificate="证书",
        earned="已达到以下课程的全部考核标准",
        afterwards="学完之后能够",
        bodies="每份证书由以下机构中的至少 {} 家共同签署",
        cosigned="共同签署",
        weeks="{} 周",
        hours="{} 小时",
        minutes="{} 分钟",
        awarded="{}颁发",
        date="{year}年{month}月{day}日",
        colon="：",
    ),
}


def words_of(language: str) -> ShareWords:
    """The words for a language tag as `zh-Hant`: its own row, that of its language, or the English one."""
    return _WORDS.get(language) or _WORDS.get(language.partition("-")[0]) or _WORDS["en"]
