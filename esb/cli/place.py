"""Where a command works: the home, the settings' file and the environment that it was called with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from esb.admin.home import Home
    from esb.conf.load import Loaded


@dataclass(frozen=True, slots=True)
class Place:
    """What the global options say.  Nothing is opened until a command asks.

    Attributes:
        home: the folder of the home, whether or not it is one.
        config: the settings' file where --config names one.
    """

    home: Path
    config: Path | None
    environ: Mapping[str, str]

    def open(self) -> "Home":
        """The home, checked.  Raises :class:`esb.admin.home.HomeError`."""
        from esb.admin.home import open_home

        return open_home(self.home)

    def load(self) -> "Loaded":
        """The settings of the home, which is checked first.

        Raises:
            HomeError: it is not a home, or not a closed one.
            ConfigError: the settings are wrong.
        """
        from esb.conf.load import load

        return load(self.open().path, self.environ, self.config)


pass_place = click.make_pass_decorator(Place)
"""Gives a command its :class:`Place` as first argument."""
