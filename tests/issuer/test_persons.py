"""Spellings of one name are found to be one; a form's leftovers are nobody; exchanged names are noticed."""

import pytest

from issuer.persons import is_nobody, name_doubts, same_person


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Somchai Pinthong", "PINTHONG, Somchai"),
        ("José Álvarez", "Alvarez Jose"),
        ("José", "Jose\u0301"),
        ("Mary-Ann Lee", "Lee Maryann"),
        ("Mary-Ann Lee", "Mary Ann  Lee"),
        ("Đỗ Văn An", "Do Van An"),
        ("Łukasz Ærø", "Lukasz Aero"),
        ("Ｍａｌｉ Srisuk", "mali srisuk"),
        ("O’Brien Pat", "Pat OBrien"),
        ("Dr. Mali Srisuk", "Mali Srisuk"),
        ("สมชาย ปิ่นทอง", "ปิ่นทอง สมชาย"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_of_one_person(one: str, other: str) -> None:
    assert same_person((one,), (other,))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Mali Srisuk", "Mali Srisukh"), ("สมชาย ปิ่นทอง", "สมชาย ปิ้นทอง"), ("Leon", "Noel"), ("Dr Dr", "Mr Mr"), ("", "")],
)
def test_two_people(one: str, other: str) -> None:
    assert not same_person((one, None), (other,))


def test_a_transliteration_is_a_name_too() -> None:
    assert same_person(("สมชาย ปิ่นทอง", "Somchai Pinthong"), ("Pinthong Somchai", None))
    assert not same_person(("สมชาย ปิ่นทอง", None), ("Somchai Pinthong", None))


@pytest.mark.parametrize("name", ["undefined", "NULL", "N/A", "Test User 3", "-", "123", "ทดสอบ", "ตัวอย่าง 2", "?"])
def test_nobody(name: str) -> None:
    assert is_nobody(name)
    assert [column for column, _ in name_doubts(name, "")] == ["name"]


@pytest.mark.parametrize("name", ["Na Li", "王", "Jennifer Null", "สมชาย ปิ่นทอง", "Ada Test", "李 明", "Ǹ"])
def test_somebody(name: str) -> None:
    assert not is_nobody(name)


@pytest.mark.parametrize(
    ("name", "latin_name", "fragment"),
    [
        ("Somchai Pinthong", "สมชาย ปิ่นทอง", "looks exchanged"),
        ("สมชาย ปิ่นทอง", "สมชาย", "is not in Latin letters"),
        ("Ada Lovelace", "Lovelace Ada", "in another order"),
        ("สมชาย ปิ่นทอง", "undefined", "leaves behind"),
    ],
)
def test_exchanged_names(name: str, latin_name: str, fragment: str) -> None:
    ((column, doubt),) = name_doubts(name, latin_name)
    assert column == "latin_name"
    assert fragment in doubt


@pytest.mark.parametrize(
    ("name", "latin_name"), [("Nguyễn Thị Ánh", "Nguyen Thi Anh"), ("สมชาย", "Somchai"), ("王小明", "Wáng Xiǎomíng")]
)
def test_names_that_fit(name: str, latin_name: str) -> None:
    assert name_doubts(name, latin_name) == []
