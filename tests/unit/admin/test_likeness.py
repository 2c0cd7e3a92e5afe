"""Likely duplicates among real names, and how names, elements and types add up."""

import csv
import time
from pathlib import Path

import pytest

from esb.admin.likeness import WORTH_SHOWING, LikenessIndex, Profile

# The bodies of the state, as the government's list of March 2015 writes them.
LISTED = (
    "Xarici İşlər Nazirliyi", "Daxili İşlər Nazirliyi", "Ədliyyə Nazirliyi", "Fövqəladə Hallar Nazirliyi",
    "Maliyyə Nazirliyi", "İqtisadiyyat və Sənaye Nazirliyi", "Vergilər Nazirliyi", "Energetika Nazirliyi",
    "Əmək və Əhalinin Sosial Müdafiəsi Nazirliyi", "Kənd Təsərrüfatı Nazirliyi", "Təhsil Nazirliyi",
    "Səhiyyə Nazirliyi", "Rabitə və Yüksək Texnologiyalar Nazirliyi", "Nəqliyyat Nazirliyi",
    "Gənclər və İdman Nazirliyi", "Qiymətli Kağızlar üzrə Dövlət Komitəsi", "Dövlət Gömrük Komitəsi",
    "Əmlak Məsələləri Dövlət Komitəsi", "Dövlət Statistika Komitəsi", "Diasporla İş üzrə Dövlət Komitəsi",
    "Dini Qurumlarla İş üzrə Dövlət Komitəsi", "Dövlət Sosial Müdafiə Fondu", "Dövlət Miqrasiya Xidməti",
    "AR Prezidenti yanında Dövlət Qulluğu Məsələləri üzrə Komissiya", "Dövlət Sərhəd Xidməti",
    "Tələbə Qəbulu üzrə Dövlət Komissiyası (TQDK)", "Milli Arxiv İdarəsi", "Müəllif Hüquqları Agentliyi",
)  # fmt: skip


@pytest.fixture(scope="module")
def providers() -> list[str]:
    """The names under which the national portal's providers appear, written by other hands."""
    path = Path(__file__).parents[3] / "esb/sample/data/usage-2015-02-by-provider.csv"
    with path.open(encoding="utf-8") as file:
        return [row["name_az"] for row in csv.DictReader(file)]


def test_the_same_body_is_found_under_the_name_of_another_list_and_no_other_is(providers: list[str]) -> None:
    index = LikenessIndex(Profile(name, (name,)) for name in LISTED)
    found = {name: [each.key for each in index.alike(Profile("new", (name,)))] for name in providers}
    shown = [(name, key) for name, keys in found.items() for key in keys]
    right = [
        (name, key)
        for name, key in shown
        if name.lower() == key.lower() or (name.split()[0] in key and ("Qulluğu" in key or "TQDK" in key))
    ]
    assert len(right) >= 24  # of the listed bodies those that are providers
    assert [pair for pair in shown if pair not in right] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Telefon nömrəsi üzrə axtarış", "Telefon nömrələri üzrə axtarışın aparılması"),
        ("Mobil cihazların qeydiyyatdan keçirilməsi", "MOBİL CİHAZLARIN QEYDİYYATI"),
        ("Search by telephone number", "Telephone number search"),
        ("Pensiya kalkulyatoru", "Pensiya kalkulatoru"),
    ],
)
def test_names_of_one_thing_are_found(one: str, other: str) -> None:
    [found] = LikenessIndex([Profile("a", (one,)), Profile("b", ("İş yerinə dair arayış",))]).alike(
        Profile("new", (other,))
    )
    assert found.key == "a"
    assert one[:20] in found.reasons[0]


def test_data_in_common_tells_even_under_another_name() -> None:
    data = frozenset({"fin", "surname", "birthDate", "documentNumber"})
    index = LikenessIndex(
        [
            Profile("a", ("Şəxs haqqında məlumat",), data, frozenset({"t1", "t2"})),
            Profile("b", ("Hava proqnozu",), frozenset({"temperature", "wind", "place"})),
        ]
    )
    [found] = index.alike(Profile("new", ("IAMAS",), data, frozenset({"t1", "t2"})))
    assert found.key == "a"
    assert found.score >= WORTH_SHOWING
    assert any("birthDate" in reason for reason in found.reasons)
    assert any("built alike" in reason for reason in found.reasons)


def test_one_shared_element_is_chance() -> None:
    index = LikenessIndex([Profile("a", ("Vergi borcu",), frozenset({"fin"}))])
    assert index.alike(Profile("new", ("Hava proqnozu",), frozenset({"fin"}))) == []


def test_itself_is_no_duplicate_and_the_order_is_stable() -> None:
    profiles = [Profile(key, ("Pensiya kalkulyatoru",)) for key in ("c", "a", "b")]
    for order in (profiles, profiles[::-1]):
        assert [each.key for each in LikenessIndex(order).alike(profiles[0])] == ["a", "b"]


def test_three_hundred_services_are_searched_at_once() -> None:
    profiles = [
        Profile(f"S{n}", (f"Xidmət nömrə {n} üzrə məlumatların verilməsi", f"Register number {n}"),
                frozenset(f"element{(n * k) % 97}" for k in range(1, 25)), frozenset({f"t{n % 40}"}))
        for n in range(300)
    ]  # fmt: skip
    index = LikenessIndex(profiles)
    began = time.perf_counter()
    index.alike(profiles[7])
    assert time.perf_counter() - began < 1
