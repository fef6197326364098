"""All that a verification looks at beside the token: values, read from one site at one moment."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from keys.status import StatusList
from keys.trust import Trust
from verifier.report import Check


class Materials(Struct, frozen=True):
    """A consistent snapshot of a published site and of what the verifier remembers of it."""

    trust: Trust | None
    trust_fault: str  # why there is no trust list; else empty
    lists: Mapping[str, StatusList | str]  # by id: the accepted list, or why it is not usable
    syllabuses: Mapping[str, bytes]  # by syllabus id: the exact bytes on the site
    rollback: Check  # state.rollback
