"""The published site on disk: every file is whole at every moment, and only what may be public is written.

formats.md section 8. The folder is the whole interface to verifiers; nothing here decides what is true.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from keys import names
from keys.credential import OB_CONTEXT, VC_CONTEXT, policy_context
from keys.encoding import canonical
from keys.errors import HandsealError
from keys.files import opened as opened
from keys.syllabus import MAX_SYLLABUS_BYTES
from keys.trust import Key, Organisation, TrustList
from keys.trust_chain import TARGETS, ReadTrustFile, in_writing_order, is_trust_file
from verifier.folder import Folder
from verifier.published import certificate_card

_CERTIFICATES = "c"


def is_folder(path: Path) -> bool:
    return path.is_dir()


def is_published(site: Folder, name: str) -> bool:
    return site.path(name).is_file()


def mode_of(path: Path) -> int | None:
    """The permission bits, None where there is nothing."""
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except OSError:
        return None


# -- what belongs on the site ------------------------------------------------------------------------------------------


def publish_certificates(site: Folder, tokens: Mapping[str, bytes]) -> int:
    """By lookup id, for learners who agreed to a page; nobody else's certificate is ever on the site.

    Returns how many files were written; `settle` waits until they are on the disk.
    """
    return sum(site.write(names.certificate_path(lookup_id), token, sync=False) for lookup_id, token in tokens.items())


def withdraw_certificate(site: Folder, lookup_id: str) -> bool:
    """Takes one certificate and its card away; whether there was any of it."""
    without_card = withdraw_card(site, lookup_id)
    return site.remove(names.certificate_path(lookup_id)) or without_card


def published_certificates(site: Folder) -> Iterator[str]:
    """The lookup ids whose certificate has a file."""
    return _lookup_ids(site, ".jwt")


def withdraw_card(site: Folder, lookup_id: str) -> bool:
    """Takes a certificate's card away, and with it all that says that its learner agreed to sharing."""
    return site.remove(certificate_card(lookup_id))


def published_cards(site: Folder) -> Iterator[str]:
    """The lookup ids of certificates that have a card."""
    return _lookup_ids(site, ".png")


def _lookup_ids(site: Folder, ending: str) -> Iterator[str]:
    for name in site.names(_CERTIFICATES):
        if name.endswith(ending):
            yield name.rpartition("/")[2].removesuffix(ending)


def publish_syllabus(site: Folder, syllabus_id: str, body: bytes) -> bool:
    """The exact bytes. HandsealError where the site has others under this version: a version never changes."""
    programme, version = names.parse_version_id(syllabus_id, "syllabus")
    name = names.syllabus_path(names.parse_programme_id(programme, "syllabus")[1], version)
    old = site.read(name, MAX_SYLLABUS_BYTES)
    if old is not None and old != body:
        raise HandsealError(
            f"{site.path(name)}: is not what was published as this version",
            hint="a version never changes: move the file away and run handseal publish, or publish a new version",
        )
    return site.write(name, body)


def publish_status_list(site: Folder, list_id: str, token: bytes) -> bool:
    return site.write(names.status_list_path(names.parse_status_list_id(list_id, "status list")), token)


def read_status_list(site: Folder, list_id: str) -> bytes | None:
    return site.read(names.status_list_path(names.parse_status_list_id(list_id, "status list")))


def trust_reader(site: Folder, newer: Mapping[str, bytes] | None = None) -> ReadTrustFile:
    """What `keys.trust_chain.load_trust` reads from: the site's trust files, `newer` ones before them."""
    files = newer or {}
    return lambda name: files.get(name) or site.read(f"trust/{name}")


def trust_files(folder: Path) -> dict[str, bytes]:
    """The trust files in `folder` or in its subfolder `trust`, by name."""
    inner = folder / "trust"
    source = Folder(inner if inner.is_dir() else folder)
    return {name: data for name in source.names() if is_trust_file(name) and (data := source.read(name)) is not None}


def publish_trust(site: Folder, files: Mapping[str, bytes]) -> bool:
    """Verified trust files, in the order in which a reader may meet them.

    HandsealError where a numbered file would change.
    """
    changed = False
    for name in in_writing_order(files):
        old = site.read(f"trust/{name}")
        if name != TARGETS and old is not None and old != files[name]:
            raise HandsealError(f"{site.path(f'trust/{name}')}: has other bytes than the one to be published")
        changed |= site.write(f"trust/{name}", files[name])
    return changed


def publish_documents(site: Folder, base: str, trust_list: TrustList) -> bool:
    """What other people's verifiers look up: organisations, keys and the terms of `CosignaturePolicy`."""
    changed = site.write("ns.json", canonical({"@context": policy_context(base)}))
    for organisation in trust_list.organisations:
        slug = names.parse_organisation_id(organisation.id, "trust list").slug
        changed |= site.write(f"orgs/{slug}.json", canonical(_profile(organisation)))
        for key in organisation.keys:
            thumbprint = names.parse_key_id(key.kid, "trust list")[1]
            changed |= site.write(f"keys/{thumbprint}.json", canonical(_public_jwk(key)))
    return changed


def _profile(organisation: Organisation) -> dict[str, object]:
    """An Open Badges profile under the organisation's newest name."""
    latest = organisation.names[-1].since
    profile: dict[str, object] = {
        "@context": [VC_CONTEXT, OB_CONTEXT],
        "id": organisation.id,
        "type": ["Profile"],
        "name": organisation.name_at(latest),
    }
    if isinstance(organisation.website, str):
        profile["url"] = organisation.website
    return profile


def _public_jwk(key: Key) -> dict[str, object]:
    jwk = key.jwk
    members = {name: getattr(jwk, name) for name in jwk.__struct_fields__}
    return {**members, "kty": jwk.__struct_config__.tag, "kid": key.kid, "alg": key.alg, "use": "sig"}
