"""Whether a time-stamp shows when the checkpoint was there."""

from support.packages import Packages

from esb.admin.evidence.time_steps import timestamp


def test_without_one_nothing_is_shown(packages: Packages) -> None:
    found = timestamp(packages.verify(packages.answered).case)
    assert found is not None
    assert not found.proven
