"""Findings; their states are in tests/contract."""

import pytest

from esb.registry.acts import Act
from esb.registry.errors import NotFound
from esb.registry.findings import get_finding


def test_an_unknown_one_says_where_to_look(act: Act) -> None:
    with pytest.raises(NotFound, match="esb inspection show"):
        get_finding(act.session, 1)
