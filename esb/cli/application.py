"""`esb application`: connecting to the bus, from the application to the archive."""

from pathlib import Path
from typing import Any

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import block, confirm, json_option, say, say_json, table, yes_option

_JUDGEMENT = click.Choice(["enforce", "warn", "off"])
_NEXT = {
    "applied": "esb application accept {id}, or esb application return {id} --reason …",
    "returned": "the applicant mends it: esb application amend {id} …",
    "complete": "esb application check {id}",
    "checked": "esb application opine {id} --favourable --reason … (by another person than the one who filed)",
    "opined": "esb application register {id} --reason …, or esb application refuse {id} --reason …",
    "transferred": "when its consumers have moved: esb application retire {id} --reason …",
    "refused": "esb application archive {id} --reason …",
    "withdrawn": "esb application archive {id} --reason …",
    "changed": "esb application archive {id} --reason …",
    "retired": "esb application archive {id} --reason …",
}


@click.group()
def application() -> None:
    """Applications: how a service or resource is connected, changed, passed to another owner, and retired."""


def _particulars(command: Any) -> Any:
    for option in reversed(
        (
            click.option("--purpose", required=True, help="What it is for."),
            click.option("--contact", required=True, help="Whom to ask: an office, its telephone or e-mail."),
            click.option("--service", help="MEMBER/SYSTEM/SERVICE/vN."),
            click.option("--resource", help="MEMBER/CODE, an entry of a register."),
            click.option("--successor", help="The service's name after a transfer or with a new contract."),
            click.option("--new-owner", help="The member that a transfer gives it to."),
            click.option("--wsdl", help="The contract: a file, a folder's file, a zip, or a URL."),
            click.option("--main", "main_path", default="", help="The WSDL inside a folder or zip that holds several."),
            click.option("--endpoint", help="The provider's URL; else the one that the WSDL gives."),
            click.option("--timeout", type=float, help="Seconds that the provider has for an answer."),
            click.option("--signature", type=click.Choice(["bus", "carry", "none"])),
            click.option("--judge-request", type=_JUDGEMENT),
            click.option("--judge-answer", type=_JUDGEMENT),
            click.option("--trial-operation", help="The operation that the checks may call."),
            click.option(
                "--trial-request",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="A file with the Body's element that they send; else one is made from the schema.",
            ),
            click.option(
                "--document",
                "documents",
                multiple=True,
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="A file that belongs to it; may be given more than once.",
            ),
        )
    ):
        command = option(command)
    return command


def _read(given: dict[str, Any]) -> tuple[Any, Any, list[Any]]:
    """Particulars, closed contract and documents of what the options say."""
    import mimetypes

    from esb.admin.applications import Attached
    from esb.registry.particulars import Particulars
    from esb.wsdl.read import read_closed

    wsdl, main = given.pop("wsdl"), given.pop("main_path")
    files, trial = given.pop("documents"), given.pop("trial_request")
    contract = None if wsdl is None else read_closed(wsdl, main=main)
    documents = [
        Attached(
            file.read_bytes(), file.name, mimetypes.guess_type(file.name)[0] or "application/octet-stream", file.name
        )
        for file in files
    ]
    text = None if trial is None else trial.read_text(encoding="utf-8")
    return Particulars(trial_request=text, **given), contract, documents


@application.command()
@click.argument("member")
@click.option(
    "--kind", type=click.Choice(["new", "change", "transfer", "retirement"]), default="new", show_default=True
)
@_particulars
@pass_place
def apply(place: Place, /, member: str, kind: str, **given: Any) -> None:
    """File MEMBER's application.

    \b
    Example:
      esb application apply DIN --service DIN/IAMAS/PersonQuery/v1 --wsdl person.wsdl \\
          --endpoint https://10.1.2.3/person --purpose "Who somebody is" --contact "IT, +994 12 …" --document decree.pdf
    """
    from esb.admin.applications import apply_for_connection
    from esb.cli.desk import sit_down
    from esb.limits import procedure_limits
    from esb.registry.procedure import Kind

    desk = sit_down(place)
    particulars, contract, documents = _read(given)
    number = apply_for_connection(
        desk.engine,
        member,
        Kind(kind),
        particulars,
        contract=contract,
        documents=documents,
        limits=procedure_limits(desk.settings),
        author=desk.author,
        now=desk.now,
    )
    say(f"Application {number} is filed.")
    say(f"Next: {_NEXT['applied'].format(id=number)}")


@application.command()
@click.argument("number", type=int)
@click.option("--reason", default="mended", show_default=True, help="What was mended.")
@_particulars
@pass_place
def amend(place: Place, /, number: int, reason: str, **given: Any) -> None:
    """File a returned application again, with all its particulars; without --wsdl its contract stays."""
    from esb.admin import applications
    from esb.cli.desk import sit_down
    from esb.limits import procedure_limits

    desk = sit_down(place)
    particulars, contract, documents = _read(given)
    applications.amend(
        desk.engine,
        number,
        particulars,
        reason,
        contract=contract,
        documents=documents,
        limits=procedure_limits(desk.settings),
        author=desk.author,
        now=desk.now,
    )
    say(f"Application {number} is filed again.")


def _act(place: Place, number: int, do: str, reason: str, **more: Any) -> None:
    """One act of ``esb.registry.applications`` or ``.connections``, and what it brought about."""
    from esb.cli.desk import sit_down
    from esb.limits import procedure_limits
    from esb.registry import applications, connections
    from esb.registry.acts import acting

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        function = getattr(applications, do, None) or getattr(connections, do)
        if do == "give_opinion":
            brought = function(act, number, more["favourable"], reason, procedure_limits(desk.settings))
        else:
            brought = function(act, number, reason, procedure_limits(desk.settings))
        state = applications.get_application(act.session, number).state.value
    say(f"Application {number} is {state}.")
    for line in getattr(brought, "lines", ()):
        say(f"  {line}")
    if getattr(brought, "consumers", ()):
        say(f"  Its consumers were told: {', '.join(brought.consumers)}")
    if state in _NEXT:
        say(f"Next: {_NEXT[state].format(id=number)}")


_NUMBER = click.argument("number", type=int)
_REASON = click.option("--reason", required=True, help="Why; kept with the application and told to the applicant.")


@application.command()
@_NUMBER
@click.option("--reason", default="complete", show_default=True, help="A remark.")
@pass_place
def accept(place: Place, number: int, reason: str) -> None:
    """Find an application complete."""
    _act(place, number, "accept_application", reason)


@application.command(name="return")
@_NUMBER
@_REASON
@pass_place
def return_(place: Place, number: int, reason: str) -> None:
    """Give an application back to be mended."""
    _act(place, number, "return_application", reason)


@application.command()
@_NUMBER
@_REASON
@pass_place
def withdraw(place: Place, number: int, reason: str) -> None:
    """Take an application back."""
    _act(place, number, "withdraw_application", reason)


@application.command()
@_NUMBER
@click.option("--favourable/--unfavourable", default=None, required=True, help="What the opinion comes to.")
@_REASON
@pass_place
def opine(place: Place, number: int, favourable: bool, reason: str) -> None:
    """Give the reasoned opinion, as another person than the one who filed."""
    _act(place, number, "give_opinion", reason, favourable=favourable)


@application.command()
@_NUMBER
@_REASON
@yes_option
@pass_place
def register(place: Place, number: int, reason: str, yes: bool) -> None:
    """Register what an application asks for; running buses serve it within their polling time."""
    confirm(f"Register what application {number} asks for?", yes)
    _act(place, number, "register_application", reason)


@application.command()
@_NUMBER
@_REASON
@yes_option
@pass_place
def refuse(place: Place, number: int, reason: str, yes: bool) -> None:
    """Refuse an application; the supervising agency gets a copy."""
    confirm(f"Refuse application {number}?", yes)
    _act(place, number, "refuse_application", reason)


@application.command()
@_NUMBER
@_REASON
@yes_option
@pass_place
def suspend(place: Place, number: int, reason: str, yes: bool) -> None:
    """Suspend the connection that an application brought about: its service answers ResourceSuspended."""
    confirm(f"Suspend what application {number} connected?  Requests to it are refused.", yes)
    _act(place, number, "suspend_connection", reason)


@application.command()
@_NUMBER
@_REASON
@pass_place
def resume(place: Place, number: int, reason: str) -> None:
    """Take up a suspended connection again."""
    _act(place, number, "resume_connection", reason)


@application.command()
@_NUMBER
@_REASON
@yes_option
@pass_place
def retire(place: Place, number: int, reason: str, yes: bool) -> None:
    """End a connection; of a transferred one, the old owner's name."""
    confirm(f"Retire what application {number} connected?  Requests to it are refused for good.", yes)
    _act(place, number, "retire_connection", reason)


@application.command()
@_NUMBER
@_REASON
@pass_place
def archive(place: Place, number: int, reason: str) -> None:
    """Close an application for good."""
    _act(place, number, "archive_application", reason)


@application.command()
@_NUMBER
@click.option("--allow-private", is_flag=True, help="The endpoint may be on a private or loopback address.")
@json_option
@pass_place
def check(place: Place, number: int, allow_private: bool, as_json: bool) -> None:
    """Run every check on an application, and keep the report with it.

    The provider's endpoint is called for it, with a request of the application's own or one made from the schema.
    """
    import json

    from esb.admin.applications import check_application
    from esb.cli.checking import check_settings, result_lines, trial_of
    from esb.cli.desk import sit_down
    from esb.limits import procedure_limits
    from esb.registry.applications import get_application
    from esb.registry.database import reading

    desk = sit_down(place)
    with reading(desk.engine) as session:
        member = get_application(session, number).subject.partition("/")[0]

    def told(result: Any) -> None:
        if not as_json:
            say("\n".join(result_lines(result)))

    with trial_of(desk, member) as trial:
        report = check_application(
            desk.engine,
            number,
            check_settings(desk, allow_private),
            trial,
            limits=procedure_limits(desk.settings),
            author=desk.author,
            clock=lambda: desk.now,
            told=told,
        )
    if as_json:
        say_json(json.loads(report.text))
        return
    say(f"Report {report.sha256[:16]}… is kept with application {number}: {'passed' if report.passed else 'FAILED'}.")
    say(f"Next: {_NEXT['checked'].format(id=number)}")


@application.command()
@pass_place
def remind(place: Place) -> None:
    """Tell of every time limit of applications and inspections that is near or has passed; each is told once.

    A serving bus does it by itself, and so does `esb notice due`, which announces all else that is due too.
    """
    from esb.admin import deadlines
    from esb.cli.desk import sit_down
    from esb.limits import procedure_limits

    desk = sit_down(place)
    told = deadlines.remind(desk.engine, desk.author, desk.now, procedure_limits(desk.settings))
    say(f"{told} reminders were given.")


@application.command(name="list")
@click.option("--member", help="Only this applicant's.")
@click.option("--state", "states", multiple=True, help="Only in this state; may be given more than once.")
@json_option
@pass_place
def list_(place: Place, member: str | None, states: tuple[str, ...], as_json: bool) -> None:
    """List applications."""
    from esb.cli.desk import sit_down
    from esb.registry.applications import list_applications
    from esb.registry.database import reading
    from esb.registry.procedure import State, whose_turn
    from esb.registry.workdays import day_text

    known = {state.value for state in State}
    if not known.issuperset(states):
        raise click.UsageError(f"A state is one of {', '.join(sorted(known))}.")
    with reading(sit_down(place).engine) as session:
        wanted = frozenset(map(State, states)) or None
        rows = list_applications(session, applicant=member, states=wanted)
    facts = [
        {
            "id": row.id,
            "kind": row.kind.value,
            "applicant": row.applicant,
            "subject": row.subject,
            "state": row.state.value,
            "turn": whose_turn(row.state).value,
            "due": None if row.due_at is None else day_text(row.due_at),
        }
        for row in rows
    ]
    if as_json:
        say_json(facts)
        return
    cells = [["-" if value is None else value for value in each.values()] for each in facts]
    headers = ("ID", "KIND", "APPLICANT", "ABOUT", "STATE", "WAITS FOR", "UNTIL")
    say(table(headers, cells) if cells else "There are no applications: esb application apply MEMBER …")


@application.command()
@_NUMBER
@json_option
@pass_place
def show(place: Place, number: int, as_json: bool) -> None:
    """Show an application with its particulars, documents, last report and history."""
    from esb.admin.applications import report_of
    from esb.cli.checking import result_lines
    from esb.cli.desk import sit_down
    from esb.cli.moment import moment_text
    from esb.registry.applications import get_application, history, list_documents_of
    from esb.registry.database import reading
    from esb.registry.workdays import day_text

    with reading(sit_down(place).engine) as session:
        row = get_application(session, number)
        report = report_of(session, row)
        acts = history(session, "application", number)
        documents = {one.sha256: one.title for one in list_documents_of(session, number)}
    facts: dict[str, Any] = {
        "application": row.id,
        "kind": row.kind.value,
        "applicant": row.applicant,
        "about": row.subject,
        "state": row.state.value,
        "until": None if row.due_at is None else day_text(row.due_at),
        "filed by": row.filed_by,
        "contract": row.contract,
        "opinion": row.opinion,
        "opinion by": row.opinion_by,
        "report": row.report,
        **{name.replace("_", " "): value for name, value in row.particulars.items()},
    }
    told = [
        {"at": moment_text(one.at), "author": one.author, "act": one.act, "reason": one.detail.get("reason")}
        for one in acts
    ]
    if as_json:
        plain = {name.replace(" ", "_"): value for name, value in facts.items()}
        say_json({**plain, "documents": documents, "history": told})
        return
    say(block((name, value) for name, value in facts.items() if value is not None))
    for digest, title in documents.items():
        say(f"document: {title}  {digest}")
    if report is not None:
        say("")
        say("\n".join(line for result in report.results for line in result_lines(result)))
    say("")
    say(table(("WHEN", "WHO", "WHAT", "WHY"), [[value or "" for value in one.values()] for one in told]))
