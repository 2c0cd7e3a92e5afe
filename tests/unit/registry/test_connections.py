"""What decisions bring about for register entries; for services it is in tests/contract."""

from esb.kernel.names import ServiceId
from esb.registry import applications
from esb.registry.acts import Act
from esb.registry.connections import consumers_of, register_application, standing_terms
from esb.registry.grants import Leave, add_grant
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind, Limits

LIMITS = Limits()


def test_consumers_are_those_with_a_grant(act: Act, service: ServiceId) -> None:
    assert consumers_of(act.session, service) == ()
    add_grant(act, "DSMF/Pension", service, Leave("p", "l", 0.0))
    assert consumers_of(act.session, service) == ("DSMF/Pension",)


def test_terms_as_they_stand(act: Act, service: ServiceId) -> None:
    assert standing_terms(act.session, service).endpoint == "https://provider.example/"


def test_a_change_of_a_service_that_was_registered_without_an_application(act: Act, service: ServiceId) -> None:
    given = Particulars("faster", "IT", service=service.text, timeout=3.0)
    number = applications.file_application(act, "DIN", Kind.CHANGE, given, limits=LIMITS)
    other = Act(act.session, "another officer", act.now)
    applications.accept_application(other, number, "complete", LIMITS)
    applications.note_checks(other, number, "{}", True, LIMITS)
    applications.give_opinion(other, number, True, "in order", LIMITS)
    brought = register_application(other, number, "decided", LIMITS)
    assert brought.lines == (f"{service} stands on new terms",)
    assert standing_terms(act.session, service).timeout == 3.0
