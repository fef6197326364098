"""Each attack of the catalogue on trust, status, ceremony, lookup, PDF and web is tried by a test that bears its id."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
IDS = (
    "R01 R03 R04 R05 R06 R07 R10 R11 R12 R14 R15 R16 R17 R19 R20 "
    "S01 S02 S03 S04 S05 S06 S07 S08 S10 S11 S13 S14 S15 S16 S17 S18 S19 "
    "K01 K02 K03 K04 K05 K07 K08 K09 K10 K11 K12 K13 K14 K15 K17 K19 K20 "
    "Q01 Q02 Q03 Q04 Q06 Q07 Q08 Q09 Q10 "
    "P01 P03 P04 P05 P06 P07 P08 P09 P11 P12 P13 "
    "W01 W02 W03 W04 W05 W06 W07 W08 W09 W10 W11 W12 W13 W15"
).split()
ID = re.compile(r"[A-Z][0-9]{2}")


@pytest.fixture(scope="module")
def tried() -> set[str]:
    """The ids in the names of all tests."""
    return {
        identity
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for identity in ID.findall(node.name)
    }


@pytest.mark.parametrize("identity", IDS)
def test_some_test_tries_it(identity: str, tried: set[str]) -> None:
    assert identity in tried


def test_the_catalogue_lists_no_other(shared_data: Path) -> None:
    catalogue = shared_data.parent / "design" / "attacks.md"
    if not catalogue.is_file():
        pytest.skip("the catalogue is not here: no design/attacks.md beside the official vectors")
    rows = re.findall(r"^\| ([RSKQPW][0-9]{2}) \|", catalogue.read_text("utf-8"), re.MULTILINE)
    assert sorted({*rows} - {"Q05"}) == sorted(IDS)  # Q05: a certificate is never carried in a code
