"""A ceremony's file holds what its kind uses, and nothing else."""

import re

import pytest
from msgspec import UNSET

from keys.ceremony_file import FORMS, Cosign, Keygen, Stated, kind_of, parse_ceremony, stated_files
from keys.errors import ConfigurationError
from tests.conftest import ROOT

EXAMPLES = {path.stem: path for path in sorted((ROOT / "templates" / "ceremony").glob("*.toml"))}
KEYGEN = EXAMPLES["keygen"].read_text("utf-8")
COSIGN = EXAMPLES["cosign"].read_text("utf-8")


def refused(text: str) -> str:
    with pytest.raises(ConfigurationError) as fault:
        parse_ceremony(text.encode("utf-8"), "c.toml")
    return str(fault.value)


def test_there_is_an_example_of_each_kind_and_it_is_one() -> None:
    parsed = {name: parse_ceremony(path.read_bytes(), name) for name, path in EXAMPLES.items()}
    assert {name: kind_of(ceremony) for name, ceremony in parsed.items()} == {name: name for name in parsed}
    assert set(parsed) == {kind_of(form) for form in FORMS}


def test_what_an_example_leaves_out_may_be_there() -> None:
    """Lines that begin with `# name = ` are switched on; `…` stands for something real there."""
    text = re.sub(r"^# (?=[a-z-]+ = )", "", COSIGN, flags=re.MULTILINE).replace('"…"', f'"{"0" * 64}"')
    ceremony = parse_ceremony(text.encode("utf-8"), "c.toml")
    assert isinstance(ceremony, Cosign)
    assert (ceremony.exclude, ceremony.accept_differences) == ((7, 12), True)
    assert (ceremony.inputs.trust, ceremony.inputs.root) == ("trust", "0" * 64)


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("other", EXAMPLES)
def test_what_another_kind_uses_is_refused(kind: str, other: str) -> None:
    if kind != other:
        text = EXAMPLES[other].read_text("utf-8").replace(f'kind = "{other}"', f'kind = "{kind}"')
        said = refused(text)
        assert any(fault in said for fault in ("unknown key", "is missing", "name either"))


@pytest.mark.parametrize("name", ["inputs", "outputs", "person", "top"])
def test_a_key_that_nothing_reads_is_refused(name: str) -> None:
    at = {"inputs": "[inputs]\n", "outputs": "[outputs]\n", "person": "[[person]]\n", "top": ""}[name]
    text = COSIGN.replace(at, f'{at}comment = "x"\n', 1) if at else f'comment = "x"\n{COSIGN}'
    assert "unknown key 'comment'" in refused(text)


def test_a_digest_may_be_stated() -> None:
    stated = f'{{ file = "r.jsonl", sha256 = "{"ab" * 32}" }}'
    ceremony = parse_ceremony(COSIGN.replace('"request.jsonl"', stated).encode("utf-8"), "c.toml")
    assert stated_files(ceremony) == (Stated("r.jsonl", "ab" * 32),)
    assert "is not 64 hex digits" in refused(COSIGN.replace('"request.jsonl"', stated.replace("ab", "AB")))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('kind = "keygen"', "", "kind is missing"),
        ('kind = "keygen"', 'kind = "keygeneration"', "kind: 'keygeneration' is unknown"),
        ('use = "cosign"', 'use = "everything"', "Invalid enum value 'everything'"),
        ("https://verify.riverclinic.example/orgs/ttma", "ttma", "organisation"),
        ('use = "cosign"', 'use = "trust"\nalgorithm = "RS256"', "always Ed25519"),
        ('key = "cosign.key"', 'key = ""', "outputs.key"),
    ],
)
def test_a_fault_is_named(before: str, after: str, said: str) -> None:
    assert said in refused(KEYGEN.replace(before, after))


TOKEN = "pkcs11:token=TTMA;object=cosign?module-path=/usr/lib/softhsm/libsofthsm2.so"
IN_TOKEN = KEYGEN.replace('use = "cosign"', f'use = "cosign"\ntoken = "{TOKEN}"')


def test_a_key_may_be_made_in_a_token() -> None:
    for text in (IN_TOKEN, IN_TOKEN.replace('"cosign"\n', '"cosign"\nalgorithm = "ES256"\n')):
        ceremony = parse_ceremony(text.encode(), "c.toml")
        assert isinstance(ceremony, Keygen)
        assert ceremony.token == TOKEN


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("token=TTMA;", "", "c.toml: token: names no token"),
        ("pkcs11:", "pkcs11:pin-value=1;", "c.toml: token: holds a PIN"),
        ('use = "cosign"', 'use = "cosign"\nalgorithm = "RS256"', "algorithm: a key in a token is ES256"),
        ('"witness"', '"custodian"', "token: takes one PIN, and this ceremony has two custodians"),
    ],
)
def test_what_a_token_cannot_do_is_named(before: str, after: str, said: str) -> None:
    people = '\n[[person]]\nname = "Mai Tran"\nrole = "witness"\n[outputs]'
    assert said in refused(IN_TOKEN.replace(before, after).replace("\n[outputs]", people))


def test_a_withdrawal_names_certificates_or_a_request() -> None:
    text = EXAMPLES["withdraw"].read_text("utf-8")
    assert "name either certificates or inputs.request" in refused(text.replace("# request =", "request ="))
    assert "name either" in refused(re.sub(r"^certificates.*$", "", text, flags=re.MULTILINE))


def test_more_shares_are_not_needed_than_there_are() -> None:
    text = EXAMPLES["split"].read_text("utf-8")
    assert "threshold: is more than the 3 shares" in refused(text.replace("threshold = 2", "threshold = 4"))
    assert "`int` >= 2" in refused(text.replace("threshold = 2", "threshold = 1"))


def test_a_root_goes_with_a_trust_list() -> None:
    assert "inputs.root: goes with inputs.trust" in refused(COSIGN.replace('# root = "…"', 'root = "00"'))


@pytest.mark.parametrize("name", ["lsj.\\u202ecosign", "\\u001b[2J", "a\\u0000b", "a\\nb"])
def test_K15_a_path_is_one_that_people_can_see(name: str) -> None:
    """It stands on the printed plan, and the person who wrote the file may not be one who sits at the table."""
    assert "holds a character that cannot be seen" in refused(COSIGN.replace('"response.jsonl"', f'"{name}"'))
    assert "holds a character that cannot be seen" in refused(COSIGN.replace('"cosign.key"', f'"{name}"'))


def test_a_trust_key_takes_no_algorithm() -> None:
    ceremony = parse_ceremony(KEYGEN.replace('use = "cosign"', 'use = "trust"').encode(), "c.toml")
    assert isinstance(ceremony, Keygen)
    assert ceremony.algorithm is UNSET


def test_K09_one_person_in_every_role_is_refused() -> None:
    people = COSIGN.index("[[person]]")
    alone = COSIGN[:people] + re.sub(r'^name = ".*"$', 'name = "Ada Lovelace"', COSIGN[people:], flags=re.MULTILINE)
    assert "Ada Lovelace" in alone
    assert "person" in refused(alone)
