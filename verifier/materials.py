"""All that a verification looks at beside the token: values, read from one site at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from keys.deadlines import Deadline, list_deadline, trust_deadlines
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

    def deadlines(self, now: datetime) -> tuple[Deadline, ...]:
        """What an answer rests on and ends some day, the first to end first."""
        found = [] if self.trust is None else list(trust_deadlines(self.trust, now))
        for identity, status_list in self.lists.items():
            if isinstance(status_list, StatusList) and not status_list.frozen:
                found.append(list_deadline(status_list, identity, now))
        return tuple(sorted(found, key=lambda deadline: (deadline.ends, deadline.kind, deadline.id)))
