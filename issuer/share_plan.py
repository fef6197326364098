"""A plan for two weeks says which clip or card comes from which part of the story, for whom, and what to look at then.

It names only what there is: parts that the programme tells, languages it speaks, captions that its film has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from issuer.cards import Shape, call_to_action, languages_of
from keys.syllabus import Documentary, Story, Syllabus, Texts

ANYWHERE = "any"
LAST_DAY = 14
_LOOK = (7, LAST_DAY)
_STAGGER = 3  # audiences begin on this many different days


class Audience(Struct, frozen=True):
    """Those who read one language in one region (ISO 3166-1, or `any`); `captioned` where the film is for them."""

    language: str
    region: str
    speaks: bool  # the programme has its own words in this language
    captions: str | None  # where the film's captions for them are


class Post(Struct, frozen=True):
    day: int  # from 1
    audience: Audience
    part: str
    what: str
    caption: str


class _Part(Struct, frozen=True):
    """A part of the story, the first day for it, and how it is shown without a film."""

    name: str
    day: int
    texts: tuple[Texts, ...]  # one of them must be there in the reader's language
    shape: Shape | None  # None: it needs the film
    clip: str  # with a film; empty: the card in any case
    length: str


def audiences(syllabus: Syllabus) -> tuple[Audience, ...]:
    """One for each region that the film has captions for, then one for each other language of the programme."""
    spoken = languages_of(syllabus)
    film = _film(syllabus)
    found = [
        Audience(entry.language, entry.region or ANYWHERE, entry.language in spoken, entry.url)
        for entry in (film.captions if film else ())
    ]
    captioned = {audience.language for audience in found}
    found += [Audience(language, ANYWHERE, True, None) for language in spoken if language not in captioned]
    return tuple(sorted(found, key=lambda audience: audience.language != syllabus.language))


def posts(syllabus: Syllabus, chosen: Sequence[str] | None = None) -> tuple[Post, ...]:
    """Over two weeks, by day; only for readers of the languages `chosen`, where some are."""
    film, found = _film(syllabus), []
    wanted = [entry for entry in audiences(syllabus) if chosen is None or entry.language in chosen]
    for number, audience in enumerate(wanted):
        for part in _parts(syllabus):
            if what := _shown(part, audience, film):
                day = min(part.day + number % _STAGGER, LAST_DAY)
                caption = (
                    f"captions/{audience.language}.txt, {part.length}"
                    if audience.speaks
                    else "yours: the programme has none in this language"
                )
                found.append(Post(day, audience, part.name, what, caption))
    return tuple(sorted(found, key=lambda post: post.day))


def programme_plan(syllabus: Syllabus, slug: str, chosen: Sequence[str] | None = None) -> str:
    """The plan as Markdown."""
    lines = [
        f"# Plan: {_cell(syllabus.text(syllabus.title))}, version {syllabus.version}",
        "",
        "Two weeks from the day you choose as day 1. Post to each group in its own language.",
        "",
        "| Day | Region | Language | Part of the story | What to post | Words |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row((post.day, post.audience.region, post.audience.language, post.part, post.what, post.caption))
              for post in posts(syllabus, chosen)]  # fmt: skip
    lines += ["", *_film_lines(syllabus), *_figures(syllabus.id, slug)]
    return "\n".join(lines) + "\n"


def certificate_plan(language: str, programme: str, slug: str, *, has_page: bool) -> str:
    """For a learner's card: it is theirs to post first."""
    rows = [
        (1, "the learner", f"cards/{language}/{Shape.SQUARE.file}", f"captions/{language}.txt, short post"),
        (3, "the learner", f"cards/{language}/{Shape.TALL.file} as a story", "none: the card says it"),
        (8, "the clinic", f"cards/{language}/{Shape.WIDE.file}", f"captions/{language}.txt, long post"),
        (12, "the clinic", f"the programme's own call to action (handseal share {slug})", "its captions"),
    ]
    if has_page:
        rows.insert(1, (1, "the learner", "the link in add-to-profile.txt", "none"))
    lines = ["# Plan for this certificate", "", "| Day | Who | What to post | Words |", "|---|---|---|---|"]
    lines += [_row(row) for row in rows]
    return "\n".join([*lines, "", *_figures(programme, slug)]) + "\n"


def _parts(syllabus: Syllabus) -> Iterator[_Part]:
    story = syllabus.story if isinstance(syllabus.story, Story) else None
    action = call_to_action(syllabus)
    outcomes = tuple(outcome.text for outcome in syllabus.outcomes)
    if story:
        clip = "clip of up to 30 seconds of the film: {}"
        yield _Part(
            "situation", 1, (story.situation,), Shape.TALL, clip.format("how it was for the client"), "short post"
        )
        if _film(syllabus):
            yield _Part("documentary", 3, (), None, "the whole film", "long post")
        yield _Part(
            "outcome", 6, (story.outcome,), Shape.SQUARE, clip.format("what became better, and how"), "short post"
        )
    else:
        yield _Part("summary", 1, (syllabus.summary,), Shape.WIDE, "", "long post")
    yield _Part("what is learned", 9, outcomes, Shape.SQUARE if not story else Shape.WIDE, "", "long post")
    if action:
        yield _Part("call to action", 12, (action.text,), Shape.TALL, "", "short post")


def _shown(part: _Part, audience: Audience, film: Documentary | None) -> str:
    """What this audience is shown of a part; empty where there is nothing in its language."""
    if film and part.clip and audience.captions:
        return f"{part.clip}, with captions {audience.captions}"
    if part.shape is None or not audience.speaks or not any(audience.language in texts for texts in part.texts):
        return ""
    return f"cards/{audience.language}/{part.shape.file}"


def _film(syllabus: Syllabus) -> Documentary | None:
    film = syllabus.story.documentary if isinstance(syllabus.story, Story) else None
    return film if isinstance(film, Documentary) else None


def _film_lines(syllabus: Syllabus) -> Iterable[str]:
    film = _film(syllabus)
    if film is None:
        return ()
    minutes, seconds = divmod(film.seconds, 60)
    without = [audience.language for audience in audiences(syllabus) if audience.captions is None]
    lines = ["## The film", "", f"{film.url}, {minutes}:{seconds:02} minutes. Its digest is `{film.digest_sri}`."]
    if without:
        lines.append(f"It has no captions yet in: {', '.join(without)}. These groups are shown cards.")
    return (*lines, "")


def _figures(page: str, slug: str) -> Iterator[str]:
    yield from ("## Figures to watch", "", f"Look on days {' and '.join(map(str, _LOOK))}, and write them down:", "")
    yield f"- views of the programme's page, {page}: from the web server's count of requests; no visitor is followed"
    yield f"- verifications of its certificates: `handseal report {slug}`"
    yield f"- enrolments: `handseal report {slug}`"
    yield ""
    yield (
        "Views without enrolments: change the call to action. Enrolments from one region or language: post there again "
        "first. Neither: begin with another part of the story."
    )


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(_cell(str(cell)) for cell in cells)} |"


def _cell(text: str) -> str:
    """`text` where a line break or a bar would end the cell."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split())
