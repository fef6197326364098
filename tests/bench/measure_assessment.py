"""What a clinic with many learners waits for: marking 10,000 answer sheets, and the gate of a cohort of 100,000."""

import random
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from issuer.assessment import eligible
from issuer.database import open_database, reading, writing
from issuer.gradebook import Sitting, record_marks
from issuer.grading import OPTIONAL, Item, Key, mark
from issuer.models import Attempt, Cohort, Enrolment, Learner, SyllabusVersion
from issuer.records import find_cohort
from issuer.tables import Table, read_table
from keys.encoding import sha256
from tests.issuer.clinic import make_assessor
from tests.world import World

SHEETS, ITEMS, LEARNERS = 10_000, 40, 100_000
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
START, END, DAY = date(2026, 10, 5), date(2026, 11, 15), date(2026, 11, 13)
KINDS = ("single", "multiple", "number", "text", "order")
SYLLABUS = World().syllabus
PROGRAMME = SYLLABUS.programme.rpartition("/")[2]
_LOT = 10_000


def steps() -> Iterator[tuple[str, Callable[[], object]]]:
    with tempfile.TemporaryDirectory() as folder:
        engine = database(Path(folder))
        answers, key = sheets(), answer_key()
        yield f"read and mark {SHEETS:,} sheets of {ITEMS} items", lambda: mark(read_sheets(answers, key), key)
        yield "read, mark and record them", lambda: grade(engine, answers, key)
        yield f"say who of {LEARNERS:,} is eligible ({peak(engine):.0f} MB at most)", lambda: gate(engine)


def database(folder: Path) -> Engine:
    """One cohort that passed but for every tenth, and one that sits the quiz."""
    engine = open_database(f"sqlite:///{folder / 'bench.db'}", create=True)
    world = World()
    with writing(engine) as session:
        session.add(make_assessor())
        version = {"programme": PROGRAMME, "version": 1, "syllabus_id": SYLLABUS.id, "published": START}
        session.add(SyllabusVersion(digest=sha256(world.syllabus_bytes), body=world.syllabus_bytes, **version))
        session.add_all(
            [Cohort(id=1, name="gate", programme=PROGRAMME), Cohort(id=2, name="quiz", programme=PROGRAMME)]
        )
        session.flush()
        for first in range(0, LEARNERS, _LOT):
            enrol(session, 1, range(first, first + _LOT))
        enrol(session, 2, range(LEARNERS, LEARNERS + SHEETS))
    return engine


def enrol(session: Session, cohort: int, numbers: range) -> None:
    consent = {"consent_page": True, "consent_share": False}
    learners = [{"id": n + 1, "learner_id": f"L{n}", "name": f"สมชาย Learner {n}"} | consent for n in numbers]
    session.execute(insert(Learner), learners)
    parts = [{"id": n + 1, "cohort_id": cohort, "learner_id": n + 1, "start": START, "end": END} for n in numbers]
    session.execute(insert(Enrolment), parts)
    if cohort == 1:
        results = {"quiz": "92", "video": "competent", "live": "proficient"}
        session.execute(insert(Attempt), [
            {"enrolment_id": n + 1, "criterion": criterion, "attempt": 1, "date": DAY, "assessor_id": 1,
             "result": "79" if criterion == "quiz" and n % 10 == 0 else result}
            for n in numbers
            for criterion, result in results.items()
        ])  # fmt: skip


def gate(engine: Engine) -> int:
    with reading(engine) as session:
        return sum(one.passed for one in eligible(session, find_cohort(session, "gate"), SYLLABUS, today=NOW.date()))


def peak(engine: Engine) -> float:
    """Megabytes that the gate takes at most."""
    tracemalloc.start()
    try:
        gate(engine)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def grade(engine: Engine, answers: bytes, key: Key) -> None:
    """Rolled back, so that each round finds the same."""
    table = read_sheets(answers, key)
    marks = mark(table, key)
    criterion = next(criterion for criterion in SYLLABUS.criteria if criterion.id == "quiz")
    sitting = Sitting(criterion, PROGRAMME, sha256(answers), sha256(b"key"), NOW, NOW.date())
    with Session(engine) as session:
        done = record_marks(session, table, marks, sitting)
        session.rollback()
    if done.new != SHEETS:
        raise AssertionError(done)


def answer_key() -> Key:
    right = {"multiple": ("A", "C"), "order": ("A", "B", "C"), "number": 45, "single": "B", "text": "pressure"}
    kinds = [KINDS[number % len(KINDS)] for number in range(ITEMS)]
    items = (Item(id=f"q{number}", kind=kind, answer=right[kind]) for number, kind in enumerate(kinds))
    return Key(items=tuple(items), criterion="quiz")


def sheets() -> bytes:
    given = {"multiple": "A;C A;B C".split(), "order": "A>B>C C>B>A".split(), "number": "45 44 46.5".split()}
    given |= {"single": list("ABCD"), "text": ["Pressure", "the pressure", "แรงกด", "คำตอบ"]}
    drawn = random.Random(7)
    lines = [",".join(["learner_id", "date", *(f"q{number}" for number in range(ITEMS))])]
    for sheet in range(SHEETS):
        answers = (drawn.choice(given[KINDS[number % len(KINDS)]]) for number in range(ITEMS))
        lines.append(",".join([f"L{LEARNERS + sheet}", "2026-10-30", *answers]))
    return "\n".join(lines).encode()


def read_sheets(answers: bytes, key: Key) -> Table:
    required = ("learner_id", "date", *(item.id for item in key.items))
    return read_table(answers, "quiz.csv", required=required, optional=OPTIONAL)
