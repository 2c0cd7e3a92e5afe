"""Nothing of an archive is asked for before something has left the log."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from support.archives import exchange_at, fill, moment

from esb.cli.place import Place
from esb.cli.vault import open_vault
from esb.conf.load import load


def test_an_archive_that_cannot_be_reached_hinders_nothing_that_is_in_the_log(
    office: Callable[..., Result], tmp_path: Path
) -> None:
    home = tmp_path / "shluz-home"
    fill(load(home, {}).settings.evidence.url)
    with open_vault(Place(home, None, {}), ("s3://nobody/knows",)) as vault:
        assert vault.find(exchange_at(moment("2026-10"), "never")) == []
