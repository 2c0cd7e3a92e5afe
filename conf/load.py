"""Reading the settings: the packaged defaults, then the home's esb.toml, then the environment.

Every key has one place that decides it, and :class:`Loaded` remembers which.  Nothing is guessed: an unknown key is an
error with the name that was probably meant, and all errors are told together.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, get_type_hints

from esb.conf.check import contradictions
from esb.conf.kinds import Kind, Secret, Unfit
from esb.conf.lines import key_lines
from esb.conf.problems import DEFAULT, ConfigError, Origin, Problem
from esb.conf.settings import Settings

PREFIX: Final = "SHLUZ_"
ELSEWHERE: Final = frozenset({"SHLUZ_HOME"})
"""Variables with our prefix that are not settings: they are read before there are any."""

# Kubernetes puts these into every container beside a Service named "shluz"; nobody set them.
_INJECTED: Final = re.compile(r"SHLUZ_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)?)")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and where each came from.

    Attributes:
        settings: the values.
        origins: by the key's path (``door.port``), every key.
        home: the folder that relative paths were taken from, absolute.
    """

    settings: Settings
    origins: Mapping[str, Origin]
    home: Path

    def shown(self) -> dict[str, dict[str, object]]:
        """Every value by section and key, fit to be printed or written as JSON: no secret is among them."""
        return {
            section: {key: kind.shown(getattr(getattr(self.settings, section), key)) for key, kind in kinds.items()}
            for section, kinds in _sections().items()
        }


@cache
def _sections() -> dict[str, dict[str, Kind]]:
    """The kind of every key, read off the types of the settings."""
    sections = {}
    for section in fields(Settings):
        hints = get_type_hints(section.type, include_extras=True)
        sections[section.name] = {key: hint.__metadata__[0] for key, hint in hints.items()}
    return sections


@cache
def _variables() -> dict[str, tuple[str, str]]:
    """Section and key by the environment variable's name."""
    return {
        f"{PREFIX}{section}_{key}".upper(): (section, key) for section, kinds in _sections().items() for key in kinds
    }


def default_text() -> str:
    """The packaged default.toml, as it stands."""
    return files("esb.conf").joinpath("default.toml").read_text(encoding="utf-8")


def load(home: Path, environ: Mapping[str, str], file: Path | None = None) -> Loaded:
    """Read the settings for ``home``.

    Args:
        home: the folder that relative paths are taken from.
        environ: the environment; variables that begin with SHLUZ_ are read, all others ignored.
        file: the file to read; None for HOME/esb.toml, which may be absent.

    Raises:
        ConfigError: with every problem found.
    """
    home = home.absolute()
    problems: list[Problem] = []
    raw: dict[str, tuple[object, Origin]] = {}
    for section, keys in tomllib.loads(default_text()).items():
        raw.update({f"{section}.{key}": (value, DEFAULT) for key, value in keys.items()})
    _read_file(home / "esb.toml" if file is None else file, file is not None, raw, problems)
    _read_environment(environ, raw, problems)

    values: dict[str, dict[str, Any]] = {}
    origins: dict[str, Origin] = {}
    for section, kinds in _sections().items():
        values[section] = {}
        for key, kind in kinds.items():
            path = f"{section}.{key}"
            if path not in raw:
                origins[path] = DEFAULT
                continue
            value, origins[path] = raw[path]
            try:
                values[section][key] = kind.read(value, home)
            except Unfit as unfit:
                problems.append(Problem(path, origins[path], _wrong(value, kind, unfit), f"Give {kind.expects}."))
    if problems:
        raise ConfigError(problems)
    sections = {section.name: section.type(**values[section.name]) for section in fields(Settings)}  # type: ignore[operator]
    settings = Settings(**sections)
    if problems := contradictions(settings, origins):
        raise ConfigError(problems)
    return Loaded(settings, origins, home)


def _read_file(path: Path, demanded: bool, raw: dict[str, tuple[object, Origin]], problems: list[Problem]) -> None:
    try:
        text = path.read_bytes().decode("utf-8")
        document = tomllib.loads(text)
    except FileNotFoundError:
        if demanded:
            problems.append(Problem("the settings", Origin(str(path)), "there is no such file", "Check the path."))
        return
    except OSError as error:
        problems.append(
            Problem("the settings", Origin(str(path)), f"cannot be read ({error.strerror})", "Check the path and mode.")
        )
        return
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problems.append(
            Problem("the settings", Origin(f"{path} line {line}"), "is not UTF-8 text", "Save the file as UTF-8.")
        )
        return
    except (ValueError, RecursionError) as error:  # beside TOMLDecodeError: a number too long, a list too deep
        problems.append(
            Problem(
                "the settings", Origin(str(path)), f"is not TOML: {error}", 'Write it like: port = 8080, name = "x".'
            )
        )
        return
    lines = key_lines(text)
    sections = _sections()

    def origin(key: str, section: str) -> Origin:
        line = lines.get(key, lines.get(section))
        return Origin(str(path) if line is None else f"{path} line {line}")

    for section, keys in document.items():
        if section not in sections:
            right = _home_of(section) or _meant(section, sections) or _listed(sections)
            problems.append(Problem(section, origin(section, section), "there is no such section", right))
        elif not isinstance(keys, dict):
            problems.append(Problem(section, origin(section, section), "is a section", f"Write it as [{section}]."))
        else:
            for key, value in keys.items():
                path_of_key, found = f"{section}.{key}", origin(f"{section}.{key}", section)
                kind = sections[section].get(key)
                if kind is None:
                    right = _meant(key, sections[section]) or _home_of(key) or _listed(sections[section])
                    problems.append(Problem(path_of_key, found, "there is no such key", right))
                elif isinstance(kind, Secret):
                    variable = f"{PREFIX}{section}_{key}".upper()
                    right = f"Remove it; put it into the file that {path_of_key}_file names, or into {variable}."
                    problems.append(
                        Problem(path_of_key, found, "a secret does not belong in a file of settings", right)
                    )
                else:
                    raw[path_of_key] = (value, found)


def _read_environment(
    environ: Mapping[str, str], raw: dict[str, tuple[object, Origin]], problems: list[Problem]
) -> None:
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in ELSEWHERE or _INJECTED.fullmatch(name):
            continue
        origin = Origin(f"environment variable {name}")
        found = _variables().get(name)
        if found is None:
            right = (
                _meant(name, [*_variables(), *ELSEWHERE], PREFIX) or "Unset it, or see `esb config show` for the names."
            )
            problems.append(Problem(name, origin, "there is no such setting", right))
        else:
            section, key = found
            raw[f"{section}.{key}"] = (_sections()[section][key].from_text(environ[name]), origin)


def _meant(name: str, known: Iterable[str], prefix: str = "") -> str:
    # What all names share would make each of them look near.
    by_plain = {item.removeprefix(prefix).lower(): item for item in known}
    near = difflib.get_close_matches(name.removeprefix(prefix).lower(), by_plain, n=1, cutoff=0.6)
    return f"Did you mean {by_plain[near[0]]}?" if near else ""


def _home_of(key: str) -> str:
    sections = [section for section, kinds in _sections().items() if key in kinds]
    return f"Did you mean {' or '.join(f'{section}.{key}' for section in sections)}?" if sections else ""


def _listed(known: Iterable[str]) -> str:
    return f"Known here: {', '.join(known)}."


def _wrong(value: object, kind: Kind, unfit: Unfit) -> str:
    text = f'"{value}"' if isinstance(value, str) and value.isprintable() else ascii(value)
    # A URL with a user in it may hold a password, whatever the key it was written to.
    if not kind.quotable or "@" in text:
        return f"the value {unfit}"
    return f"{text if len(text) <= 80 else text[:79] + '…'} {unfit}"
