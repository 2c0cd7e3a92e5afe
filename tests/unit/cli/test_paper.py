"""The option --document."""

from pathlib import Path

import click
import pytest

from esb.admin.papers import Paper
from esb.cli.paper import paper_of


def test_a_file_a_digest_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "agreement.pdf"
    file.write_bytes(b"%PDF-")
    assert paper_of(str(file)) == Paper("agreement.pdf", b"%PDF-", "application/pdf")
    (tmp_path / "plain").write_bytes(b"x")
    assert paper_of(str(tmp_path / "plain")) == Paper("plain", b"x", "application/octet-stream")
    assert paper_of("A" * 64) == Paper("a" * 64)
    assert paper_of(None) is None
    with pytest.raises(click.UsageError, match="there is no file"):
        paper_of(str(tmp_path / "none"))
