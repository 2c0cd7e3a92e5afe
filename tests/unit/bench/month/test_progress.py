"""How far it has come is told rarely and rightly: in place on a terminal, as lines elsewhere."""

import io

import pytest

from esb.bench.month.progress import Progress, clock_text


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _run(stream: io.StringIO, total: int, a_tick: float) -> Progress:
    clock = _Clock()
    progress = Progress(total, stream, clock)
    for _ in range(total):
        clock.now += a_tick
        progress.tick()
    progress.close()
    return progress


def test_lines_come_every_ten_seconds_and_at_the_end() -> None:
    stream = io.StringIO()
    progress = _run(stream, 6_400, 0.005)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4  # of 32 seconds
    assert lines[0] == " 32.0%  2,048 of 6,400, 200/s, 22 s left"
    assert lines[-1].startswith("100.0%  6,400 of 6,400, 200/s")
    assert progress.seconds == pytest.approx(32)


def test_a_terminal_has_one_line_that_is_drawn_again() -> None:
    stream = _Terminal()
    _run(stream, 640, 0.1)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert text.count("\r") == 10
    assert "▕███" in text
    assert f"▕{'█' * 30}▏100.0%" in text


def test_a_shorter_text_covers_the_longer_one() -> None:
    stream = _Terminal()
    _run(stream, 640, 60)
    drawings = stream.getvalue().split("\r")[1:]
    widths = [len(drawing.rstrip("\n")) for drawing in drawings]
    assert all(after >= len(before.rstrip()) for before, after in zip(drawings, widths[1:], strict=False))


def test_a_run_of_one_is_told() -> None:
    stream = io.StringIO()
    _run(stream, 1, 0.0)
    assert "100.0%  1 of 1" in stream.getvalue()


def test_nothing_is_written_before_anything_is_done() -> None:
    stream = _Terminal()
    Progress(10, stream).close()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (425, "7:05"), (3_723, "1:02:03"), (36_000, "10:00:00")],
)
def test_spans_are_written_as_people_read_them(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text
