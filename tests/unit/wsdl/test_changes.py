"""What a finding means on each side, and what a report says of all."""

from esb.wsdl.changes import Change, Effect, Finding, Report, Side, Verdict, judged


def test_a_request_may_be_widened_and_an_answer_narrowed() -> None:
    for effect, side, verdict in (
        (Effect.WIDENS, Side.REQUEST, Verdict.COMPATIBLE),
        (Effect.NARROWS, Side.REQUEST, Verdict.BREAKING),
        (Effect.WIDENS, Side.ANSWER, Verdict.BREAKING),
        (Effect.NARROWS, Side.ANSWER, Verdict.COMPATIBLE),
        (Effect.BOTH, Side.REQUEST, Verdict.BREAKING),
        (Effect.BOTH, Side.ANSWER, Verdict.BREAKING),
        (Effect.NONE, Side.REQUEST, Verdict.COMPATIBLE),
        (Effect.NONE, Side.ANSWER, Verdict.COMPATIBLE),
    ):
        assert judged(Finding("/a", "changed", effect), "Do", side).verdict is verdict, (effect, side)


def test_what_cannot_be_told_says_so() -> None:
    assert "cannot be told" in judged(Finding("/a", "changed", Effect.BOTH, True), "Do", Side.REQUEST).why


def test_a_report_is_as_bad_as_its_worst_change() -> None:
    fine = Change("Do", Side.REQUEST, "/a", "b was added", Verdict.COMPATIBLE, "why")
    bad = Change("Do", Side.ANSWER, "/a", "b was added", Verdict.BREAKING, "why")
    assert Report(()).verdict is Verdict.IDENTICAL
    assert Report((fine,)).verdict is Verdict.COMPATIBLE
    assert Report((fine, bad)).verdict is Verdict.BREAKING
    assert Report((fine, bad)).breaking == (bad,)
    assert Report((bad,)).plain["changes"][0]["side"] == "answer"
    assert bad.text == "Do answer /a: b was added (why)"
