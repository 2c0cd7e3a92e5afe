"""The tables beside a member."""

import pytest

from esb.registry.member_models import AgreementRow


@pytest.mark.parametrize(
    ("ends_at", "ended_at", "in_force"),
    [(None, None, True), (300.0, None, True), (200.0, None, False), (300.0, 150.0, False), (None, 201.0, True)],
)
def test_an_agreement_is_in_force_until_the_first_of_its_ends(
    ends_at: float | None, ended_at: float | None, in_force: bool
) -> None:
    row = AgreementRow(member="DIN", number="1", signed_at=100.0, ends_at=ends_at, ended_at=ended_at, added_at=100.0)
    assert row.in_force(200.0) is in_force
    assert not row.in_force(99.0)
