from dataclasses import FrozenInstanceError

import pytest

from esb.transport.limits import ClientLimits, ServerLimits


def test_limits_cannot_be_changed_while_they_are_in_force() -> None:
    with pytest.raises(FrozenInstanceError):
        ServerLimits().body_bytes = 1  # type: ignore[misc]


def test_what_is_read_ahead_holds_at_least_one_head() -> None:
    """Else a head could fill the buffer and never be read to its end."""
    assert ServerLimits().pipelined_bytes >= ServerLimits().header_bytes


def test_unused_connections_are_let_go_before_a_usual_server_closes_them() -> None:
    assert ClientLimits().idle_seconds < 60
