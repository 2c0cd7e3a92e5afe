"""How an agreement is shown; what the commands do is tried with the members'."""

import pytest

from esb.cli.agreement import agreement_facts
from esb.registry.member_models import AgreementRow


@pytest.mark.parametrize(("now", "standing"), [(50.0, "not yet in force"), (100.0, "in force"), (200.0, "ended")])
def test_an_agreement_stands_as_its_time_says(now: float, standing: str) -> None:
    row = AgreementRow(member="DIN", number="1", signed_at=100.0, ends_at=200.0, added_at=0.0)
    assert agreement_facts(row, now)["standing"] == standing
