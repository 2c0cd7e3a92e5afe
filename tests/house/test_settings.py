"""conf/default.toml explains every key, and the code reads every key."""

import re
from pathlib import Path


def test_every_key_is_explained_in_the_line_above(root: Path) -> None:
    lines = (root / "conf" / "default.toml").read_text(encoding="utf-8").splitlines()
    bare = [
        line for above, line in zip(["", *lines], lines, strict=False) if _is_key(line) and not above.startswith("# ")
    ]
    assert bare == []
    assert sum(map(_is_key, lines)) > 40


def _is_key(line: str) -> bool:
    return re.match(r"[a-z_]+ *=", line) is not None


def test_no_key_is_there_for_show(root: Path, sources: dict[str, str]) -> None:
    """Every key is read somewhere outside conf/, as ``settings.door.port`` or ``door.port``."""
    text = (root / "conf" / "default.toml").read_text(encoding="utf-8")
    readers = "\n".join(code for name, code in sources.items() if not name.startswith("conf/"))
    read = set(re.findall(r"\b(?=([a-z_]+\.[a-z_]+)\b)", readers))
    unread = []
    section = ""
    for line in text.splitlines():
        if header := re.fullmatch(r"\[([a-z]+)\]", line):
            section = header.group(1)
        elif _is_key(line):
            key = line.split("=")[0].strip()
            if f"{section}.{key}" not in read:
                unread.append(f"{section}.{key}")
    assert not unread, "\n".join(unread)
