"""Where the bus's time goes: py-spy's samples of its processes under load, as a table a person can read.

py-spy looks from outside, so the bus runs as it is.  What happens inside lxml, OpenSSL and SQLite counts for the Python
function that called it: with frames of C py-spy stops the bus so long at each look that the picture is another one, and
takes threads that wait for ones that work.
"""

import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from esb.kernel.faults import EsbError

_RATE: Final = 100  # samples a second
_LINES: Final = 45
_WAITING: Final = ("Condition.wait", "EvidenceWriter._gather", "_EPollReactor.doPoll", "EPollReactor.doPoll")


class NoProfiler(EsbError):
    """py-spy is missing or may not look; the text says what to do."""


@dataclass(slots=True)
class Profiler:
    """py-spy at work on a tree of processes, from :func:`begin` until :meth:`end`."""

    process: "subprocess.Popen[str]"
    samples: Path

    def end(self) -> str:
        """Stop looking, and summarize.

        Raises:
            NoProfiler: it saw nothing; the text quotes it.
        """
        self.process.send_signal(signal.SIGINT)
        _, complaints = self.process.communicate(timeout=60)
        if not self.samples.is_file() or not self.samples.stat().st_size:
            raise NoProfiler(f"py-spy saw nothing: {complaints.strip()[-500:]}")
        return summarize(self.samples.read_text(encoding="utf-8", errors="replace").splitlines())


def begin(pid: int, samples: Path) -> Profiler:
    """Look at a process and its children.

    Args:
        samples: where py-spy writes its collapsed stacks.

    Raises:
        NoProfiler: there is no py-spy.
    """
    beside = Path(sys.executable).parent / "py-spy"
    program = str(beside) if beside.is_file() else shutil.which("py-spy")
    if program is None:
        raise NoProfiler("a profile is taken by py-spy, which is not installed: pip install py-spy")
    arguments = [program, "record", "--pid", str(pid), "--format", "raw", "--output", str(samples)]
    arguments += ["--rate", str(_RATE), "--duration", "3600", "--subprocesses"]
    return Profiler(subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True), samples)


def summarize(stacks: Iterable[str]) -> str:
    """Collapsed stacks (``frame;frame;frame count``) as two tables: by module and by function.

    *own* is the share of samples in which it was on top, *all* the share in which it was on the stack at all.
    Stacks of threads that only wait are left out.
    """
    own: Counter[str] = Counter()
    every: Counter[str] = Counter()
    own_modules: Counter[str] = Counter()
    every_modules: Counter[str] = Counter()
    total = 0
    for stack in stacks:
        text, _, number = stack.rpartition(" ")
        if not text or not number.isdigit():
            continue
        count = int(number)
        frames = [_read(frame) for frame in text.split(";")]
        if frames[-1][1].endswith(_WAITING):
            continue  # some kernels do not tell py-spy that a thread sleeps
        total += count
        own[f"{frames[-1][0]} {frames[-1][1]}"] += count
        own_modules[frames[-1][0]] += count
        for frame in {f"{module} {function}" for module, function in frames}:
            every[frame] += count
        for module in {module for module, _ in frames}:
            every_modules[module] += count
    parts = [f"{total} samples"]
    for title, mine, all_ in (("module", own_modules, every_modules), ("module and function", own, every)):
        parts.append(f"\n{'own':>6} {'all':>6}  {title}")
        # Most own time first; of what is never on top, what stands above much of the rest.
        ranked = sorted(all_, key=lambda name: (-mine[name], -all_[name]))
        parts += [f"{mine[name] / total:6.1%} {all_[name] / total:6.1%}  {name}" for name in ranked[:_LINES]]
        if mine is own:
            parts.append(f"\n{'own':>6} {'all':>6}  above the most of it")
            ranked = sorted(all_, key=lambda name: -all_[name])
            parts += [f"{mine[name] / total:6.1%} {all_[name] / total:6.1%}  {name}" for name in ranked[:_LINES]]
    return "\n".join(parts) + "\n"


def _read(frame: str) -> tuple[str, str]:
    """``function (path:line)`` as (module, function); a thread's or process's own frame has no place."""
    function, _, place = frame.rpartition(" (")
    if not function:
        return "-", frame
    path = place.rstrip(")").rpartition(":")[0] or place.rstrip(")")
    parts = Path(path).parts
    for root in ("site-packages", "main", "src"):
        if root in parts:
            parts = parts[len(parts) - parts[::-1].index(root) :]
            break
    return "/".join(parts[-3:]), function
