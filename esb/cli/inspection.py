"""`esb inspection`: monitoring of the connected systems."""

from typing import Any

import click

from esb.cli.moment import MOMENT, moment_text
from esb.cli.place import Place, pass_place
from esb.cli.show import block, json_option, say, say_json, table

_POINT = click.Choice(["fin", "personal-data", "database", "purpose", "exchange", "soap", "integration"])
_NUMBER = click.argument("number", type=int)


@click.group()
def inspection() -> None:
    """Inspections: planned, held point by point, reported, agreed with the member, and closed."""


def _do(place: Place, module: str, function: str, *given: Any, **more: Any) -> Any:
    from importlib import import_module

    from esb.cli.desk import sit_down
    from esb.registry.acts import acting

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        return getattr(import_module(f"esb.registry.{module}"), function)(act, *given, **more)


@inspection.command()
@click.argument("member")
@click.option("--on", "planned_for", type=MOMENT, required=True, help="The day.")
@click.option("--reason", required=True, help="Why it is held.")
@click.option("--subject", help="One service or resource of the member; else the member as a whole.")
@pass_place
def plan(place: Place, member: str, planned_for: float, reason: str, subject: str | None) -> None:
    """Plan an inspection; the member is told.

    \b
    Example:
      esb inspection plan DIN --on 2027-02-01 --reason "Plan of monitoring for 2027" --subject DIN/IAMAS/PersonQuery/v1
    """
    number = _do(place, "inspections", "plan_inspection", member, reason, planned_for, subject)
    say(f"Inspection {number} is planned.  Next: esb inspection start {number}")


@inspection.command()
@_NUMBER
@pass_place
def start(place: Place, number: int) -> None:
    """Begin to hold a planned inspection."""
    _do(place, "inspections", "start_inspection", number)
    say(f"Inspection {number} is under way.  Next: esb inspection point {number} POINT conform --remark …")


@inspection.command()
@_NUMBER
@click.option("--reason", required=True)
@pass_place
def cancel(place: Place, number: int, reason: str) -> None:
    """Call a planned inspection off."""
    _do(place, "inspections", "cancel_inspection", number, reason)
    say(f"Inspection {number} is cancelled.")


@inspection.command()
@_NUMBER
@click.argument("point", type=_POINT)
@click.argument("verdict", type=click.Choice(["conform", "not-conform", "not-applicable"]))
@click.option("--remark", required=True, help="What was seen.")
@click.option("--document", "documents", multiple=True, help="Digest of an archived document; may be given again.")
@pass_place
def point(place: Place, number: int, point: str, verdict: str, remark: str, documents: tuple[str, ...]) -> None:
    """Note what was found on a POINT of the checklist."""
    from esb.registry.procedure_models import Point, Verdict

    _do(place, "inspections", "hold_point", number, Point(point), Verdict(verdict), remark, documents)
    say(f"Inspection {number}: {point} is {verdict}.")


@inspection.command()
@_NUMBER
@click.argument("point", type=_POINT)
@click.argument("text")
@click.option("--severity", type=click.Choice(["minor", "major", "critical"]), required=True)
@click.option("--responsible", required=True, help="The office that has to mend it.")
@click.option("--until", "due_at", type=MOMENT, required=True, help="Until when.")
@pass_place
def finding(place: Place, number: int, point: str, text: str, severity: str, responsible: str, due_at: float) -> None:
    """Note a finding: what is to be mended, by whom and until when."""
    from esb.registry.procedure_models import Point, Severity

    made = _do(place, "findings", "add_finding", number, Point(point), Severity(severity), text, responsible, due_at)
    say(f"Finding {made} is noted.  When it is mended: esb inspection mend {made} --remedy …")


@inspection.command()
@click.argument("finding", type=int)
@click.option("--remedy", required=True, help="What was done.")
@pass_place
def mend(place: Place, finding: int, remedy: str) -> None:
    """Claim FINDING as mended."""
    _do(place, "findings", "mend_finding", finding, remedy)
    say(
        f"Finding {finding} is claimed as mended.  Next, by another person: esb inspection confirm {finding} --remark …"
    )


@inspection.command()
@click.argument("finding", type=int)
@click.option("--remark", required=True, help="What was seen.")
@click.option("--not-mended", is_flag=True, help="It is not: open it again.")
@pass_place
def confirm(place: Place, finding: int, remark: str, not_mended: bool) -> None:
    """Confirm, as another person, that FINDING is mended, or open it again."""
    _do(place, "findings", "reopen_finding" if not_mended else "confirm_finding", finding, remark)
    say(f"Finding {finding} is {'open again' if not_mended else 'confirmed'}.")


@inspection.command()
@_NUMBER
@click.option("--text", required=True, help="What the inspection comes to.")
@click.option("--check-report", help="Digest of a report of checks that belongs to it.")
@pass_place
def report(place: Place, number: int, text: str, check_report: str | None) -> None:
    """Draft the report; the member has its time to agree or object."""
    from esb.cli.desk import sit_down
    from esb.limits import procedure_limits

    limits = procedure_limits(sit_down(place).settings)
    _do(place, "inspections", "report_inspection", number, text, limits, check_report)
    say(f"The report of inspection {number} is drafted.  Next: esb inspection agree {number} [--objections …]")


@inspection.command()
@_NUMBER
@click.option("--objections", help="What the member does not agree with.")
@pass_place
def agree(place: Place, number: int, objections: str | None) -> None:
    """Note that the member agrees with the report, with or without objections."""
    _do(place, "inspections", "agree_inspection", number, objections)
    say(f"Inspection {number} is {'agreed' if objections is None else 'agreed with objections'}.")


@inspection.command()
@_NUMBER
@click.option("--reason", default="all findings are mended", show_default=True)
@pass_place
def close(place: Place, number: int, reason: str) -> None:
    """Close an inspection whose findings are confirmed as mended."""
    _do(place, "inspections", "close_inspection", number, reason)
    say(f"Inspection {number} is closed.")


@inspection.command(name="list")
@click.option("--member", help="Only this member's.")
@json_option
@pass_place
def list_(place: Place, member: str | None, as_json: bool) -> None:
    """List inspections."""
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.inspections import list_inspections

    with reading(sit_down(place).engine) as session:
        facts = [
            {
                "id": row.id,
                "member": row.member,
                "subject": row.subject,
                "state": row.state.value,
                "planned_for": moment_text(row.planned_for),
            }
            for row in list_inspections(session, member)
        ]
    if as_json:
        say_json(facts)
        return
    cells = [["-" if value is None else value for value in each.values()] for each in facts]
    headers = ("ID", "MEMBER", "ABOUT", "STATE", "PLANNED FOR")
    say(table(headers, cells) if cells else "There are no inspections: esb inspection plan MEMBER …")


@inspection.command()
@_NUMBER
@json_option
@pass_place
def show(place: Place, number: int, as_json: bool) -> None:
    """Show an inspection with its points and findings."""
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.inspections import get_inspection, list_findings, list_points

    with reading(sit_down(place).engine) as session:
        row = get_inspection(session, number)
        points = [{"point": one.point.value, "verdict": one.verdict.value, "remark": one.remark, "by": one.held_by}
                  for one in list_points(session, number)]  # fmt: skip
        found = [
            {
                "finding": one.id,
                "point": one.point.value,
                "severity": one.severity.value,
                "state": one.state.value,
                "until": moment_text(one.due_at),
                "text": one.text,
            }
            for one in list_findings(session, number)
        ]
    facts = {
        "inspection": row.id,
        "member": row.member,
        "about": row.subject,
        "state": row.state.value,
        "reason": row.reason,
        "report": row.report,
        "objections": row.objections,
        "check report": row.check_report,
    }
    if as_json:
        say_json(
            {**{key.replace(" ", "_"): value for key, value in facts.items()}, "points": points, "findings": found}
        )
        return
    say(block((name, value) for name, value in facts.items() if value is not None))
    for headers, rows in ((("POINT", "VERDICT", "REMARK", "BY"), points),
                          (("FINDING", "POINT", "SEVERITY", "STATE", "UNTIL", "TEXT"), found)):  # fmt: skip
        if rows:
            say("")
            say(table(headers, [list(each.values()) for each in rows]))
