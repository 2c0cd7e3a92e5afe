"""What a setting can say is kept."""

from pathlib import Path

import pytest

from esb.conf.keep_kinds import Keep
from esb.conf.kinds import Unfit


def test_a_retention_is_read_as_it_stands() -> None:
    assert Keep().read("headers 365", Path("/")) == "headers 365"
    assert "digests" in Keep().expects
    for wrong in ("", "full 0", "everything", 3, None):
        with pytest.raises(Unfit, match="no retention"):
            Keep().read(wrong, Path("/"))
