"""Reports are frozen, and the same report is the same text."""

from esb.admin.checks.model import Finding, Outcome, Report, Result, judged, read_report


def test_a_warning_fails_nothing() -> None:
    assert judged("x", [Finding("a", "b", "c", grave=False)], {}).outcome is Outcome.PASS
    assert judged("x", [Finding("a", "b", "c")], {}).outcome is Outcome.FAIL


def test_a_report_is_read_as_it_was_written() -> None:
    failed = Result("tls", Outcome.FAIL, (Finding("tls-name", "Şəxs", "mend"),), {"days": 3})
    report = Report("DIN/A/B/v1", "https://x/", None, 1.5, (failed,))
    assert not report.passed
    assert read_report(report.text) == report
    assert read_report(report.text).sha256 == report.sha256
    assert len(report.sha256) == 64
