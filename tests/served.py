"""A world's site on a disk, answered by the real verifier at the world's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import NoReturn

from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace

from keys.credential import Certificate
from keys.encoding import canonical, sha256, sri
from keys.jws import sign_token
from keys.names import lookup_id
from tests.published import PublishedSite
from tests.world import CLINIC, HARBOUR, SITE, TTMA, World, list_of, midnight
from verifier.rates import Rates
from verifier.report import Verdict
from verifier.sources import Site
from verifier.state import State
from verifier.web import Settings, create_app

BUSY = Rates.of(1_000_000)
"""For tests that ask more in a moment than people do."""


class Served:
    """A verifier with certificates in every verdict that was asked for."""

    def __init__(self, folder: Path, world: World | None = None) -> None:
        self.world = world or World()
        self.published = PublishedSite(folder, self.world)
        self._number = 0

    def add(self, token: bytes) -> str:
        """Publishes a certificate and returns its lookup id."""
        self._number += 1
        lookup = lookup_id(sha256(self._number.to_bytes(4, "big")))
        self.published.write_certificate(token, lookup)
        return lookup

    def site(self, state: State | None = None) -> Site:
        return Site(self.published.folder, self.published.root, state)

    def app(
        self,
        *,
        settings: Settings | None = None,
        clock: Callable[[], datetime] | None = None,
        state: State | None = None,
    ) -> Flask:
        return create_app(
            site=self.site(state),
            clock=clock or (lambda: self.world.now),
            settings=settings or Settings(SITE, rates=BUSY),
        )

    def failing_client(self, message: str = "boom") -> FlaskClient:
        """A verifier whose clock is broken, with `message` in the error."""

        def clock() -> NoReturn:
            raise RuntimeError(message)

        return self.app(clock=clock).test_client()

    def client(self) -> FlaskClient:
        return self.app().test_client()

    def issue(self, verdict: Verdict, name: str = "สมชาย ปิ่นทอง") -> bytes:
        """A certificate on which this will be the verdict, once the lists are written again."""
        core = self.world.core(name)
        makers: dict[Verdict, Callable[[Certificate], bytes]] = {
            Verdict.UNKNOWN: self._unknown,
            Verdict.INCOMPLETE: lambda core: self.world.issue(TTMA, core=core),
            Verdict.EXPIRED: self._expired,
            Verdict.WITHDRAWN: self._withdrawn,
            Verdict.INVALID: lambda core: self.world.issue(core=core)[:-8] + b"AAAAAAAA",
        }
        token = makers.get(verdict, lambda core: self.world.issue(core=core))(core)
        index = core.credential_status.index
        if verdict is Verdict.SUSPENDED:
            self.world.revoke(list_of(CLINIC, "suspension"), index)
        if verdict in (Verdict.REVOKED, Verdict.SUPERSEDED):
            self.world.revoke(list_of(CLINIC), index)
        if verdict is Verdict.SUPERSEDED:
            self.world.revoke(list_of(CLINIC, "refresh"), index)
        self.published.write_lists()
        return token

    def _unknown(self, core: Certificate) -> bytes:
        syllabus = replace(core.related_resource[0], digest_sri=sri(sha256(b"another")))
        return self.world.issue(core=replace(core, related_resource=(syllabus,)))

    def _expired(self, core: Certificate) -> bytes:
        until = midnight("2026-11-20") + timedelta(hours=23, minutes=59, seconds=59)
        return self.world.issue(core=replace(core, valid_until=until, exp=int(until.timestamp())))

    def _withdrawn(self, core: Certificate) -> bytes:
        taken_back = self.world.endorsement(core, TTMA)
        self.world.revoke(list_of(TTMA), taken_back.credential_status.index)
        signed = sign_token(canonical(taken_back), self.world.partner_keys[TTMA])
        return self.world.close(core, [self.world.endorse(core, HARBOUR), signed])


class Page(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and its text in reading order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def headings(self) -> list[str]:
        return [tag for tag, _ in self.tags if tag in {"h1", "h2", "h3", "h4"}]
