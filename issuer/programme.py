"""A programme as the clinic writes it: what is taught, how it is assessed, who must co-sign, whom it is for.

`issuer.rules` says whether it is one that may be certified, `issuer.freezing` turns it into a syllabus.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from keys.settings import Settings

PILLARS = ("theory", "demonstration", "practice")

Texts = dict[str, str]
"""From language to text."""
HoursOf = Annotated[float, Meta(ge=0, le=1000)]
Pillar = Literal["theory", "demonstration", "practice"]


class Finding(Struct, frozen=True):
    """A broken rule, as `handseal check --json` writes it. Code MC00 is the form of the file itself."""

    code: str
    place: str
    text: str
    hint: str = ""


class Hours(Settings, frozen=True):
    theory: HoursOf = 0.0
    demonstration: HoursOf = 0.0
    practice: HoursOf = 0.0

    def minutes(self, pillar: str) -> int:
        hours: float = getattr(self, pillar)
        return round(hours * 60)


class AssessorTable(Settings, frozen=True):
    qualification: str | Texts = ""
    shown: Literal["name", "qualification"] | UnsetType = UNSET  # what certificates say of the assessor


class OutcomeTable(Settings, frozen=True):
    id: str
    text: Texts = field(default_factory=dict)
    at_work: Texts = field(default_factory=dict)
    within_days: int = 0
    touch: bool = False


class CriterionTable(Settings, frozen=True):
    """Passed from `passing` on: a percentage, or one of `levels` (ids, ascending)."""

    id: str
    pillar: Pillar
    kind: Literal["quiz", "video", "live"]
    name: Texts = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()
    minutes: int = 0
    passing: int | str | UnsetType = field(name="pass", default=UNSET)
    levels: tuple[str, ...] = ()
    level_names: dict[str, Texts] = field(default_factory=dict)  # optional; a level is called by its id otherwise
    evidence: bool | UnsetType = UNSET  # whether a link or a file must be recorded
    remote: bool | UnsetType = UNSET  # whether a live check may be moderated from afar


class AttemptsTable(Settings, frozen=True):
    counts: Literal["best", "last"]
    most: Annotated[int, Meta(ge=1, le=99)] | UnsetType = UNSET


class RenewalTable(Settings, frozen=True):
    """What is assessed again, at most so many months before a certificate expires."""

    within_months: Annotated[int, Meta(ge=1, le=120)]
    criteria: tuple[str, ...] = ()


class PriceTable(Settings, frozen=True):
    amount: int | str  # 4500, or "4500.50": a float has no exact price
    currency: str  # ISO 4217


class ActionTable(Settings, frozen=True):
    """What a reader does next, and where."""

    url: str
    text: Texts = field(default_factory=dict)


class CaptionsTable(Settings, frozen=True):
    language: str
    url: str
    region: str | UnsetType = UNSET  # ISO 3166-1, as "TH"
    file: str | UnsetType = UNSET  # hashed; beside the programme's file
    digest: str | UnsetType = UNSET  # of the file behind `url`, instead of `file`


class DocumentaryTable(Settings, frozen=True):
    url: str
    seconds: Annotated[int, Meta(ge=1, le=7200)]
    file: str | UnsetType = UNSET
    digest: str | UnsetType = UNSET
    captions: tuple[CaptionsTable, ...] = ()


class StoryTable(Settings, frozen=True):
    """A client's situation and what became of it, with a film about the work."""

    situation: Texts = field(default_factory=dict)
    outcome: Texts = field(default_factory=dict)
    call_to_action: ActionTable | UnsetType = UNSET
    documentary: DocumentaryTable | UnsetType = UNSET


class Programme(Settings, frozen=True):
    """`programmes/<slug>.toml`. What is missing is empty, so that the rules can say all of it at once."""

    slug: str
    language: Annotated[str, Meta(max_length=35)]
    weeks: int = 0
    threshold: int = 0
    cosigners: tuple[str, ...] = ()  # slugs of the trust list
    validity_months: Annotated[int, Meta(ge=1, le=1200)] | UnsetType = UNSET
    title: Texts = field(default_factory=dict)
    summary: Texts = field(default_factory=dict)
    hours: Hours = Hours()
    assessor: AssessorTable = AssessorTable()
    outcomes: tuple[OutcomeTable, ...] = field(name="outcome", default=())
    criteria: tuple[CriterionTable, ...] = field(name="criterion", default=())
    mode: Literal["cohort", "rolling"] | UnsetType = UNSET
    taught_in: tuple[str, ...] | UnsetType = UNSET  # languages
    completion_target: Annotated[int, Meta(ge=1, le=100)] | UnsetType = UNSET  # percent; for figures, not published
    attempts: AttemptsTable | UnsetType = UNSET
    renewal: RenewalTable | UnsetType = UNSET
    price: PriceTable | UnsetType = UNSET
    call_to_action: ActionTable | UnsetType = UNSET
    story: StoryTable | UnsetType = UNSET

    @property
    def qualification(self) -> Texts:
        """The assessor's, by language."""
        given = self.assessor.qualification
        return {self.language: given} if isinstance(given, str) else given

    @property
    def documentary(self) -> DocumentaryTable | None:
        film = self.story.documentary if isinstance(self.story, StoryTable) else UNSET
        return film if isinstance(film, DocumentaryTable) else None

    def level_name(self, criterion: CriterionTable, level: str) -> Texts:
        return criterion.level_names.get(level) or {self.language: level.replace("-", " ").capitalize()}

    def actions(self) -> Iterator[tuple[str, ActionTable]]:
        """What readers are asked to do, with the table that says so."""
        if isinstance(self.call_to_action, ActionTable):
            yield "call-to-action", self.call_to_action
        if isinstance(self.story, StoryTable) and isinstance(self.story.call_to_action, ActionTable):
            yield "story.call-to-action", self.story.call_to_action


def every_name(programme: Programme) -> Iterator[tuple[str, Texts]]:
    """Each text that certificates carry as a name, with its place."""
    yield "title", programme.title
    for criterion in programme.criteria:
        yield f"criterion {criterion.id}: name", criterion.name
        for level, texts in criterion.level_names.items():
            yield f"criterion {criterion.id}: level-names.{level}", texts


def every_text(programme: Programme) -> Iterator[tuple[str, Texts]]:
    """Each text of the programme with its place."""
    yield from every_name(programme)
    yield "summary", programme.summary
    yield "assessor.qualification", programme.qualification
    for outcome in programme.outcomes:
        yield f"outcome {outcome.id}: text", outcome.text
        yield f"outcome {outcome.id}: at-work", outcome.at_work
    if isinstance(programme.story, StoryTable):
        yield "story.situation", programme.story.situation
        yield "story.outcome", programme.story.outcome
    for place, action in programme.actions():
        yield f"{place}.text", action.text
