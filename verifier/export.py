"""A published site becomes pages that check by themselves: no server, no network, from a USB stick or any web host.

Everything a browser needs lies beside the page: its scripts, and in `carried.js` the site's signed files as they are.
Certificates are not among them, nor are pictures; whoever checks brings the certificate.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from keys.encoding import canonical, digest_words
from keys.errors import HandsealError
from verifier.browser import SCRIPTS, words_for_browsers
from verifier.language import DEFAULT_LANGUAGE, LANGUAGES, words_in
from verifier.parts import ICON, SCRIPT, STYLE
from verifier.published import JSON, JWT, is_syllabus, published

MAX_CARRIED_BYTES = 64 * 1024 * 1024
CARRIED = "carried.js"
_FOLDERS = ("trust/", "status/", "programmes/")


def is_carried(path: str) -> bool:
    """Whether a file of the site decides something about a certificate."""
    if not path.startswith(_FOLDERS):
        return False
    found = published(path)
    return is_syllabus(path) if found is None else found.path == path and found.media_type in (JSON, JWT)


def export(site: Mapping[str, bytes], parts: Mapping[str, bytes], root: str) -> dict[str, bytes]:
    """The files of an export by path; `site` holds the site's files, `parts` what lies in `templates/static`.

    HandsealError where the site is too large to be carried.
    """
    carried = {path: data for path, data in site.items() if is_carried(path)}
    if sum(map(len, carried.values())) > MAX_CARRIED_BYTES:
        raise HandsealError(f"site: is larger than {MAX_CARRIED_BYTES // 2**20} MB, which no page can carry")
    files = {path: base64.b64encode(data).decode("ascii") for path, data in sorted(carried.items())}
    made = {CARRIED: _script("carried", {"root": root, "files": files}), STYLE: parts[STYLE], ICON: parts[ICON]}
    made |= {path: data for path, data in parts.items() if path.startswith("fonts/")}
    made |= {f"verify/{name}.js": parts[f"verify/{name}.js"] for name in SCRIPTS} | {SCRIPT: parts[SCRIPT]}
    for language in LANGUAGES:
        made[f"words-{language}.js"] = _script("words", words_for_browsers(language))
        made[page_name(language)] = _page(language, root)
    return made


def page_name(language: str) -> str:
    return "index.html" if language == DEFAULT_LANGUAGE else f"{language}.html"


def _script(name: str, value: object) -> bytes:
    """Data as a script of its own, because a page from a folder may not fetch."""
    return b"globalThis.Handseal ??= {};\nglobalThis.Handseal.%s = %s;\n" % (name.encode("ascii"), canonical(value))


def _page(language: str, root: str) -> bytes:
    words = words_in(language)
    environment = Environment(
        loader=PackageLoader("templates", "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("export.html").render(
        say=words.markup,
        language=language,
        direction=words.direction,
        languages=tuple((page_name(other), other, words_in(other).say("language.name")) for other in LANGUAGES),
        scripts=tuple(_scripts(language)),
        root=root,
        root_words=" ".join(digest_words(bytes.fromhex(root))),
    )
    return page.encode("utf-8")


def _scripts(language: str) -> Iterator[str]:
    """In the order in which they build on each other."""
    yield CARRIED
    yield f"words-{language}.js"
    yield from (f"verify/{name}.js" for name in SCRIPTS)
    yield SCRIPT
