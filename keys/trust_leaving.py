"""An organisation leaves or closes: its keys end, no programme rests on it, and its last lists may hold for ever.

What a trust list freezes is frozen for good, so it is opened first, and nothing that belongs with it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import UNSET
from msgspec.structs import replace

from keys.encoding import parse
from keys.errors import FormatError
from keys.jws import split_token
from keys.names import PURPOSES, parse_status_list_id, status_list_id
from keys.status import MAX_LIST_BYTES, StatusListCredential, open_status_list
from keys.trust import Organisation, Trust, TrustList, Use


def without_part(organisation: Organisation, trust_list: TrustList, until: datetime) -> Organisation:
    """The organisation with all its keys ended; FormatError while a programme of the list rests on it after `until`."""
    for programme in trust_list.programmes:
        policy = programme.policies[-1]
        ends = isinstance(policy.until, datetime) and policy.until <= until
        if organisation.id in (*policy.issuers, *policy.cosigners) and not ends:
            raise FormatError(
                f"{organisation.id}: {programme.id} still rests on it",
                hint="add a policy without it under [[programme]], or end the programme under [[end-programme]]",
            )
    keys = tuple(replace(key, valid_until=until) if key.valid_until is UNSET else key for key in organisation.keys)
    return replace(organisation, keys=keys)


def require_freezable(lists: Mapping[str, bytes], trust: Trust) -> None:
    """FormatError unless each token is the status list of its id, however old, and a clinic's three come together.

    Afterwards no other list of the organisation is accepted (formats.md section 5).
    """
    known = {*lists, *(frozen.id for frozen in trust.list.frozen_status)}
    for list_id, token in lists.items():
        place = f"status list {list_id}"
        parts = split_token(token, place, limit=MAX_LIST_BYTES)
        dated = parse(parts.payload, StatusListCredential, place, limit=MAX_LIST_BYTES).valid_from
        opened = open_status_list(token, list_id, trust=trust, now=dated)
        name = parse_status_list_id(list_id, place)
        if opened.use is not Use.STATUS:
            continue
        for purpose in PURPOSES:
            beside = status_list_id(name.base, name.slug, purpose, name.number)
            if beside not in known:
                raise FormatError(
                    f"{place}: {beside} is not frozen with it",
                    hint="a clinic's three lists are frozen at once: no other is accepted afterwards",
                )
