"""The story on a terminal: at most a hundred columns, colours where they are wanted."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from esb.audit.log import Recorded
from esb.demo.place import Place
from esb.demo.story import Played

WIDTH: Final = 100
_LABEL: Final = 10  # columns before a line's text


@dataclass(frozen=True, slots=True)
class Page:
    """How to write: a line, a text in a colour, rows under headers."""

    say: Callable[[str], None]
    paint: Callable[[str, str], str]
    table: Callable[[Sequence[str], Iterable[Sequence[object]]], str]


def tell(page: Page, number: int, played: Played, place: Place) -> None:
    """One scene."""
    page.say("")
    page.say(page.paint(_wrapped(f"{number:>2}  ", played.title), "cyan"))
    asker = f"{played.consumer} ({place.name(played.consumer)})"
    _line(page, "who", f"{asker} → {played.service}, {played.operation}")
    ground = f"{played.purpose}, by the {played.legal_basis}" if played.purpose else "no purpose: it has no grant"
    _line(page, "for", ground)
    provider = "" if played.provider_ms is None else f", {played.provider_ms:g} ms of it at the provider"
    took = "" if played.took_ms is None else f" · {played.took_ms:g} ms{provider}"
    _line(page, "decided", f"{played.outcome or 'nothing'} · HTTP {played.status}{took}")
    if played.rule:
        _line(page, "rule", f"{played.rule}: {played.rule_text}")
    if played.said:
        _line(page, "said", played.said)
    _line(page, "record", played.records[-1] if played.records else "none")
    for check in played.checks:
        mark = page.paint("✓", "green") if check.ok else page.paint("✗", "red")
        page.say(_wrapped(f"    {mark} ", check.text, 6))


def log_table(page: Page, records: Sequence[Recorded]) -> str:
    """What the evidence log holds, oldest first, narrow enough."""
    rows = [
        (
            each.id,
            f"…{each.entry.exchange[-8:]}",
            each.entry.kind.value,
            each.entry.consumer or "?",
            each.entry.service.removeprefix("/services/"),
            each.entry.outcome + (f" ({each.entry.rule})" if each.entry.rule else ""),
        )
        for each in reversed(records)
    ]
    return page.table(("NO", "EXCHANGE", "KIND", "CONSUMER", "SERVICE", "OUTCOME"), rows)


def wrapped(text: str) -> str:
    """A paragraph."""
    return textwrap.fill(text, WIDTH)


def _line(page: Page, label: str, text: str) -> None:
    page.say(_wrapped(f"    {label:<{_LABEL - 4}} ".ljust(_LABEL + 2), text, _LABEL + 2))


def _wrapped(first: str, text: str, indent: int = 4) -> str:
    # The first part may hold colours, whose letters take no columns: it is put before what was filled without it.
    filled = textwrap.fill(text, WIDTH - indent, break_long_words=False, break_on_hyphens=False).split("\n")
    return first + ("\n" + " " * indent).join(filled)


def summary(page: Page, scenes: Sequence[Played], seconds: float) -> None:
    """How it went, in two lines."""
    checks = [check for scene in scenes for check in scene.checks]
    failed = [scene for scene in scenes if not scene.ok]
    good = sum(check.ok for check in checks)
    page.say("")
    if failed:
        names = ", ".join(scene.name for scene in failed)
        page.say(page.paint(f"✗ {good} of {len(checks)} checks hold; not as it should be: {names}", "red"))
    else:
        text = f"✓ {len(scenes)} scenes, all {len(checks)} checks hold, {seconds:.1f} s from nothing."
        page.say(page.paint(text, "green"))
