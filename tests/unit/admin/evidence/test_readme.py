"""The README says what a package is about, in both languages, and nothing of a person."""

from support.packages import Packages

from esb.admin.evidence.container import read_container


def test_it_tells_both_languages_what_this_is(packages: Packages) -> None:
    text = read_container(packages.answered).files["README.txt"].decode()
    for each in (
        "SÜBUT PAKETİ",
        "EVIDENCE PACKAGE",
        "Ministry EESMN",
        "EESMN Nazirliyi",
        "Law on benefits, article 9",
        "esb evidence verify",
    ):
        assert each in text
    assert packages.exchanges["answered"].reply.exchange in text


def test_it_says_nothing_of_a_person(packages: Packages) -> None:
    text = read_container(packages.answered).files["README.txt"].decode()
    for each in ("5ABC123", "Leyla", "liyeva", "q.officer", "118", "127.0.0.1"):
        assert each not in text
