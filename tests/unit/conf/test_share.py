"""What workers share adds up to the node's, and what is of one message stays."""

from pathlib import Path

import pytest

from esb.conf.load import load
from esb.conf.share import share


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_the_shares_add_up_and_none_is_nothing(workers: int, tmp_path: Path) -> None:
    whole = load(tmp_path, {"SHLUZ_PROVIDER_CONNECTIONS_PER_HOST": "2"}).settings
    part = share(whole, workers)
    for section, key in (
        ("door", "connections"),
        ("door", "held_bytes"),
        ("load", "max_in_flight"),
        ("load", "per_service_in_flight"),
        ("provider", "connections_per_host"),
        ("provider", "waiting_per_host"),
        ("evidence", "max_queue"),
        ("evidence", "keep_strangers_per_second"),
        ("ca", "ocsp_per_second"),
        ("ca", "tsa_per_second"),
    ):
        all_of_it, one = getattr(getattr(whole, section), key), getattr(getattr(part, section), key)
        assert one >= 1
        assert all_of_it <= one * workers < all_of_it + workers


def test_nothing_else_changes(tmp_path: Path) -> None:
    whole = load(tmp_path, {}).settings
    assert share(whole, 1) == whole
    part = share(whole, 4)
    assert (part.breaker, part.xml, part.time, part.keys) == (whole.breaker, whole.xml, whole.time, whole.keys)
    assert part.door.body_bytes == whole.door.body_bytes
    assert part.evidence.max_batch == whole.evidence.max_batch


def test_what_is_turned_off_stays_off(tmp_path: Path) -> None:
    whole = load(tmp_path, {"SHLUZ_EVIDENCE_KEEP_STRANGERS_PER_SECOND": "0", "SHLUZ_PROVIDER_WAITING_PER_HOST": "0"})
    part = share(whole.settings, 3)
    assert (part.evidence.keep_strangers_per_second, part.provider.waiting_per_host) == (0, 0)
