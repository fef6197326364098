"""Two people at least, and nobody watches over themselves."""

import unicodedata

import pytest

from keys.errors import ConfigurationError
from keys.people import MAX_NAME, Person, Role, names_of, require_custodians, require_people

CUSTODIAN, WITNESS, READER = Role.CUSTODIAN, Role.WITNESS, Role.READER
JOSE = "José Álvarez"


def check(*people: tuple[str, Role]) -> None:
    require_people([Person(name, role) for name, role in people], "c.toml")


def refused(*people: tuple[str, Role]) -> str:
    with pytest.raises(ConfigurationError) as fault:
        check(*people)
    return str(fault.value)


def test_two_people_are_enough_and_a_witness_may_read() -> None:
    check((JOSE, CUSTODIAN), ("Ada", WITNESS))
    check((JOSE, CUSTODIAN), ("Ada", WITNESS), ("Ada", READER))
    check(("สมชาย", CUSTODIAN), ("Mai", CUSTODIAN), ("Ada", WITNESS))


@pytest.mark.parametrize(
    "again", [JOSE, JOSE.upper(), f" {JOSE.replace(' ', '  ')} ", unicodedata.normalize("NFD", JOSE), "josé\tálvarez"]
)
@pytest.mark.parametrize("role", [WITNESS, READER])
def test_K09_the_same_person_in_two_roles_is_refused(again: str, role: Role) -> None:
    if "\t" in again:
        assert "is not allowed" in refused((JOSE, CUSTODIAN), (again, role), ("Ada", WITNESS))
    else:
        said = refused((JOSE, CUSTODIAN), (again, role), ("Ada", WITNESS))
        assert f"one person is custodian and {role.value}" in said


def test_K09_fewer_than_two_persons_are_refused() -> None:
    assert "nobody has role 'witness'" in refused((JOSE, CUSTODIAN))
    assert "0 with role 'custodian'" in refused(("Ada", WITNESS))
    assert "3 with role 'custodian'" in refused(*((name, CUSTODIAN) for name in "ABC"), ("Ada", WITNESS))
    assert "is there twice as custodian" in refused((JOSE, CUSTODIAN), (JOSE.upper(), CUSTODIAN), ("Ada", WITNESS))


@pytest.mark.parametrize("again", ["Ａｄａ Ｏｋａｆｏｒ", "Ada Okafor.", "Ada-Okafor"])
def test_K09_another_dress_makes_no_other_person(again: str) -> None:
    assert "one person is custodian and witness" in refused(("Ada Okafor", CUSTODIAN), (again, WITNESS))


@pytest.mark.parametrize(("name", "said"), [("\u0410da Okafor", "mixes scripts"), (".", "holds no letter")])
def test_K09_a_name_that_only_looks_like_one_is_refused(name: str, said: str) -> None:
    assert said in refused(("Ada Okafor", CUSTODIAN), (name, WITNESS))


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1), "Ada\u202e", "Ada\x1b[31m"])
def test_a_name_is_one_that_people_can_read(name: str) -> None:
    assert "person[1].name" in refused((JOSE, CUSTODIAN), (name, WITNESS))


def test_a_witness_reads_where_nobody_else_does() -> None:
    people = (Person("Ada", WITNESS), Person("Bea", READER), Person("Cem", CUSTODIAN))
    assert names_of(people, READER) == ("Bea",)
    assert names_of(people[:1], READER) == ("Ada",)


def test_K09_each_passphrase_has_a_custodian() -> None:
    one = [Person("Ada", WITNESS), Person("Bea", CUSTODIAN)]
    two = [*one, Person("Cem", CUSTODIAN)]
    require_custodians(one, 1, "k.pub.json")
    require_custodians(two, 2, "k.pub.json")
    with pytest.raises(ConfigurationError, match=r"k.pub.json: its key has custodians: 2, and the ceremony names 1"):
        require_custodians(one, 2, "k.pub.json")
    with pytest.raises(ConfigurationError, match="its key has custodians: 1, and the ceremony names 2"):
        require_custodians(two, 1, "k.pub.json")
