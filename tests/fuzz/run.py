"""``make fuzz``: a million inputs over all targets, in a bounded time, with progress.

Each target runs in a process of its own (:mod:`fuzz.child`), guided by coverage where atheris is installed.  Corpus
and findings are kept outside the repository, in ``$SHLUZ_FUZZ`` or ``~/.cache/shluz-fuzz``; a later run begins with
what an earlier one learned.
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzz.catalogue import PLACES
from fuzz.child import HEAD

SHARES: Final = {
    "xml": 200, "xml-words": 150, "http-in": 140, "http-out": 140, "signature-octets": 110, "signature-tree": 70,
    "way": 25, "leaf": 50, "text": 60, "certificate": 20, "settings": 25, "wsdl": 9, "xsd": 1,
}  # fmt: skip
_COVERED: Final = re.compile(rb"cov: (\d+) ft: (\d+) corp: (\d+)")
_RESTARTS: Final = 5


@dataclass
class Result:
    """What came of one target; ``covered`` is the engine's count of code edges, 0 where none counts."""

    name: str
    wanted: int
    tried: int = 0
    findings: int = 0
    covered: int = 0
    corpus: int = 0
    seconds: float = 0.0
    deaths: int = 0


def main() -> int:
    """Try them all, and say what was found; the exit status is 1 when anything was."""
    options = _options()
    names = options.target or list(PLACES)
    whole = sum(SHARES[name] for name in names)
    results = []
    for name in names:
        wanted = max(1, options.inputs * SHARES[name] // whole)
        result = fuzz(name, wanted, options.seconds * SHARES[name] / whole + 20, options)
        results.append(result)
    _show(results, options.folder)
    return 1 if any(result.findings or result.deaths for result in results) else 0


def home() -> Path:
    """Where corpus and findings are kept unless an option says otherwise."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("SHLUZ_FUZZ") or cache / "shluz-fuzz")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description="Try the bus with inputs that nobody wrote.")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many, over all targets")
    parser.add_argument("--seconds", type=float, default=3600.0, help="at most so long, over all targets")
    parser.add_argument("--target", action="append", choices=list(PLACES), help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=home(), help="where corpus and findings are kept")
    guided = importlib.util.find_spec("atheris") is not None
    parser.add_argument("--engine", choices=["atheris", "plain"], default="atheris" if guided else "plain")
    return parser.parse_args()


def fuzz(name: str, wanted: int, seconds: float, options: argparse.Namespace) -> Result:
    """Run one target's process, again where an input killed it, until it has tried what is wanted or time is over."""
    folder = options.folder / name
    for inner in ("corpus", "found"):
        (folder / inner).mkdir(parents=True, exist_ok=True)
    result, begun = Result(name, wanted), time.monotonic()
    while result.tried < wanted and result.deaths <= _RESTARTS:
        left = begun + seconds - time.monotonic()
        if left < 1:
            break
        before, status = result.tried, _run(result, left, options, folder)
        if status and not _kept_what_killed(result, status, folder):
            break
        if result.tried == before:
            break
    result.seconds = time.monotonic() - begun
    return result


def _run(result: Result, seconds: float, options: argparse.Namespace, folder: Path) -> int:
    count = result.wanted - result.tried
    seed = options.seed + result.tried
    arguments = [result.name, options.engine, str(count), str(seed), f"{seconds:.0f}", str(folder)]
    before, found = result.tried, result.findings
    (folder / "now").unlink(missing_ok=True)
    with (folder / "said").open("wb") as said:
        child = subprocess.Popen([sys.executable, "-m", "fuzz.child", *arguments], stderr=said, stdout=said)
        until = time.monotonic() + seconds + 150
        while child.poll() is None:
            time.sleep(0.5)
            _read(result, before, found, folder)
            if time.monotonic() > until:
                child.kill()
    _read(result, before, found, folder)
    sys.stderr.write("\n")
    return child.returncode


def _read(result: Result, tried: int, findings: int, folder: Path) -> None:
    try:
        more, found, _ = HEAD.unpack((folder / "now").read_bytes()[: HEAD.size])
    except (FileNotFoundError, ValueError, OSError):
        return
    except Exception:
        return
    result.tried, result.findings = tried + more, findings + found
    covered = _COVERED.findall((folder / "said").read_bytes()[-4000:])
    if covered:
        result.covered, result.corpus = int(covered[-1][0]), int(covered[-1][2])
    share = min(1.0, result.tried / result.wanted)
    bar = "█" * int(share * 30)
    sys.stderr.write(f"\r{result.name:17} {bar:30} {result.tried:>8,} of {result.wanted:,}  found {result.findings} ")
    sys.stderr.flush()


def _kept_what_killed(result: Result, status: int, folder: Path) -> bool:
    """Keep the input that the process died of; False when it did not come to try any."""
    now = (folder / "now").read_bytes() if (folder / "now").exists() else bytes(HEAD.size)
    if not any(now[: HEAD.size]):
        sys.stderr.write((folder / "said").read_text("utf-8", "replace")[-3000:])
        result.deaths += 1
        return False
    _, _, size = HEAD.unpack(now[: HEAD.size])
    result.deaths += 1
    path = folder / "found" / f"{result.name}-death-{result.deaths}"
    path.with_suffix(".input").write_bytes(now[HEAD.size : HEAD.size + size])
    path.with_suffix(".txt").write_text(
        f"exit status {status}\n" + (folder / "said").read_text("utf-8", "replace")[-5000:]
    )
    return True


def _show(results: list[Result], folder: Path) -> None:
    print(f"{'target':17} {'inputs':>10} {'a second':>9} {'edges':>7} {'corpus':>7} {'found':>6} {'deaths':>7}")
    for each in results:
        rate = each.tried / each.seconds if each.seconds else 0
        print(
            f"{each.name:17} {each.tried:>10,} {rate:>9,.0f} {each.covered:>7,} {each.corpus:>7,} "
            f"{each.findings:>6} {each.deaths:>7}"
        )
    print(f"{sum(each.tried for each in results):,} inputs; corpus and findings are in {folder}")


if __name__ == "__main__":
    sys.exit(main())
