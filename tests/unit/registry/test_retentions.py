"""A service says what is kept of its messages."""

import pytest

from esb.kernel.names import ServiceId
from esb.registry.acts import Act, list_changes
from esb.registry.errors import Invalid, NotFound
from esb.registry.retentions import list_retentions, set_retention
from esb.registry.services import get_service


def test_it_is_set_told_and_taken_back(act: Act, service: ServiceId) -> None:
    assert [set_retention(act, service, "headers 365") for _ in range(2)] == [True, False]
    assert get_service(act.session, service).retention == "headers 365"
    assert list_retentions(act.session) == [(service.text, "headers 365")]
    assert list_changes(act.session)[-1].detail == {"retention": [None, "headers 365"]}
    with pytest.raises(Invalid, match="a retention is one such as"):
        set_retention(act, service, "for ever")
    with pytest.raises(NotFound):
        set_retention(act, ServiceId.parse("A/B/C/v1"), "full")
    assert set_retention(act, service, None)
    assert list_retentions(act.session) == []
