"""What can be wrong with the settings, told all at once and so that a person can mend it."""

from collections.abc import Sequence
from dataclasses import dataclass

from esb.kernel.faults import EsbError


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting's value came from: ``default``, a file (and line), or an environment variable.

    Attributes:
        text: for a person, such as ``/srv/shluz/esb.toml line 4``.
    """

    text: str


DEFAULT = Origin("default")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        key: the key's path (``door.port``), or what else it is about.
        origin: where the value came from.
        wrong: what is wrong, a sentence without full stop.
        right: what would be right, a sentence.
    """

    key: str
    origin: Origin
    wrong: str
    right: str

    def __str__(self) -> str:
        return f"{self.key} (from {self.origin.text}): {self.wrong}. {self.right}"


class ConfigError(EsbError):
    """The settings cannot be used.  ``problems`` holds every reason found, not the first alone."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = len(problems)
        head = "A setting is wrong:" if count == 1 else f"{count} settings are wrong:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in problems)]))
        self.problems = tuple(problems)
