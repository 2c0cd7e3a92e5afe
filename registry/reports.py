"""Reports of checks: kept word for word, found by their digest, never changed."""

import hashlib

from sqlalchemy.orm import Session

from esb.registry.acts import Act
from esb.registry.errors import Invalid, NotFound
from esb.registry.procedure_models import CheckReportRow


def put_report(act: Act, report: str, subject: str, passed: bool) -> str:
    """Keep a report and return its digest, SHA-256 of its UTF-8 in hex.  Keeping it again is no change.

    Args:
        report: JSON.
        subject: the service or resource that was checked.
    """
    digest = hashlib.sha256(report.encode()).hexdigest()
    if act.session.get(CheckReportRow, digest) is None:
        row = CheckReportRow(
            sha256=digest, subject=subject, passed=passed, report=report, made_at=act.now, made_by=act.author
        )
        act.session.add(row)
        act.record("add", "check-report", digest, {"subject": subject, "passed": passed})
    return digest


def get_report(session: Session, sha256: str) -> CheckReportRow:
    """Return a report.

    Raises:
        NotFound: there is none of this digest.
        Invalid: what is stored is no longer what was kept.
    """
    row = session.get(CheckReportRow, sha256)
    if row is None:
        raise NotFound(f"there is no report {sha256[:64]!r} of checks; run them: esb application check NUMBER")
    if hashlib.sha256(row.report.encode()).hexdigest() != sha256:
        raise Invalid(f"report {sha256} does not match its digest: the database was damaged; restore a backup")
    return row
