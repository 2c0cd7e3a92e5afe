"""Cases know their size and their name."""

from esb.bench.case import Case, Keys, Setting, size_text
from esb.bench.signing import Style


def test_a_case_says_what_it_is() -> None:
    assert str(Case()) == "1.5 KB → 3 KB p256 sqlite ×16"
    setting = Setting(Keys.MIXED, "postgresql", tls=True, workers=2)
    case = Case(setting, 1_500, 1_000_000, 64, Style.FOREIGN, provider_signed=False)
    assert str(case) == "1.5 KB → 1 MB mixed postgresql TLS 2 workers ×64 foreign provider unsigned"


def test_large_messages_make_shorter_rounds_and_many_connections_longer_ones() -> None:
    assert Case().exchanges == 1_600
    assert Case(answer=1_000_000).exchanges == 20
    assert Case(answer=1_000_000, connections=256).exchanges == 256


def test_keys_name_kinds_of_agencies_and_bus() -> None:
    assert (Keys.MIXED.agencies, Keys.MIXED.bus) == ("rsa2048", "p256")


def test_sizes_for_a_person() -> None:
    assert [size_text(size) for size in (1_500, 100_000, 1_000_000)] == ["1.5 KB", "100 KB", "1 MB"]
