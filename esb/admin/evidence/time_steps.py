"""The step of a proof about time: a time-stamp of the checkpoint."""

from esb.admin.evidence.case import Case, Found


def timestamp(case: Case) -> Found | None:
    """One of the enclosed time-stamps is of the checkpoint, by an authority that is believed."""
    return Found(case.why_missing("time-stamp"), proven=False)
