"""The tables of the procedure hold to what the words of the procedure are."""

from esb.registry.models import Base
from esb.registry.procedure import State
from esb.registry.procedure_models import ApplicationRow, FindingRow


def test_the_tables_are_among_all_tables() -> None:
    assert {"applications", "check_reports", "inspections", "findings"} <= set(Base.metadata.tables)


def test_two_persons_are_a_matter_of_the_database() -> None:
    checks = {str(one.name) for table in (ApplicationRow, FindingRow) for one in table.__table__.constraints}
    assert {"ck_applications_opinion_by", "ck_applications_decided_by", "ck_findings_confirmed_by"} <= checks


def test_a_states_word_fits_its_column() -> None:
    assert max(len(state.value) for state in State) <= 24
