"""What the steps have taken from a package, and how it is asked for."""

from support.packages import Packages

from esb.admin.evidence.case import Case


def test_a_case_tells_who_asked_and_what_was_given(packages: Packages) -> None:
    case = packages.verify(packages.answered).case
    assert case.asked is not None
    assert (case.asked[0], [name for name, _ in case.given]) == ("request", ["answer"])
    assert len(case.authorities) == 1
    assert case.certificate("consumer") is not None
    assert case.certificate("nobody") is None


def test_an_empty_case_has_nothing(packages: Packages) -> None:
    case = Case(b"", packages.believed)
    assert (case.asked, case.given, case.authorities) == (None, [], [])
    assert case.why_missing("x") == "it is not in the package"
