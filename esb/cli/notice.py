"""`esb notice`: what members are told, and how it reaches them."""

from typing import TYPE_CHECKING, Any

import click

from esb.cli.moment import MOMENT, moment_text, shown
from esb.cli.place import Place, pass_place
from esb.cli.show import block, confirm, json_option, say, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.registry.interruptions import Announced


@click.group()
def notice() -> None:
    """Notices: maintenance, outages and all that members are told; mailboxes and deliveries."""


@notice.command()
@click.argument("member")
@click.option("--from", "starts", required=True, type=MOMENT, help="When it begins (UTC).")
@click.option("--until", "ends", required=True, type=MOMENT, help="When it ends (UTC).")
@click.option("--service", "services", multiple=True, help="Only this service; may be given more than once.")
@click.option("--reason", required=True, help="What is done.")
@pass_place
def maintenance(place: Place, member: str, starts: float, ends: float, services: tuple[str, ...], reason: str) -> None:
    """Announce maintenance of MEMBER's services, at least two days ahead; whoever may ask them is told.

    \b
    Example:
      esb notice maintenance DIN --from "2026-12-05 20:00" --until "2026-12-05 23:00" \\
          --service DIN/IAMAS/PersonQuery/v1 --reason "New disks"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.interruptions import announce_maintenance

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        announced = announce_maintenance(act, member, services or None, starts, ends, reason)
    say(f"Maintenance {announced.number} is announced. {_told(announced)}")
    if announced.late:
        say("This is less than two days ahead (statute, 5.1.7); the notice says so, and it stays on record as late.")


@notice.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why.")
@pass_place
def cancel(place: Place, number: int, reason: str) -> None:
    """Take announced maintenance back, or end it early.

    \b
    Example:
      esb notice cancel 3 --reason "Done in half the time"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.interruptions import cancel_maintenance

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        announced = cancel_maintenance(act, number, reason)
    say(f"Maintenance {number} is over. {_told(announced)}")


@notice.command()
@click.argument("what")
@click.option("--over", is_flag=True, help="The outage is over.")
@click.option("--cause", default="The cause is being looked into.", help="What is known of it.")
@yes_option
@pass_place
def outage(place: Place, what: str, over: bool, cause: str, yes: bool) -> None:
    """Tell everybody whom it touches that WHAT (a member, or a service) cannot be reached, or can again.

    \b
    Example:
      esb notice outage DIN/IAMAS/PersonQuery/v1 --cause "Power is out"
      esb notice outage DIN/IAMAS/PersonQuery/v1 --over
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.interruptions import tell_outage, tell_outage_over

    desk = sit_down(place)
    about = f"service:{what}" if "/" in what else f"member:{what}"
    if not over:
        confirm(f"Tell every consumer of {what} that it cannot be reached?", yes)
    with acting(desk.engine, desk.author, desk.now) as act:
        announced = tell_outage_over(act, about) if over else tell_outage(act, about, cause)
    say(f"Outage {announced.number} {'is over' if over else 'is told'}. {_told(announced)}")


@notice.command(name="list")
@click.option("--topic", help="Only notices on this.")
@click.option("--about", metavar="KIND:KEY", help="Only notices about this thing.")
@click.option("--before", type=click.IntRange(1), help="Go on below this number.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=30, show_default=True, help="How many, newest first.")
@json_option
@pass_place
def list_(place: Place, topic: str | None, about: str | None, before: int | None, limit: int, as_json: bool) -> None:
    """List notices, newest first.

    \b
    Example:
      esb notice list --topic outage
    """
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.mailbox import list_notices

    chosen = None if topic is None else _topic(topic)
    with reading(sit_down(place).engine) as session:
        rows = list_notices(session, topic=chosen, about=about, before=before, limit=limit)
    facts = [
        {"number": row.id, "at": shown(row.at), "topic": row.topic.value, "about": row.about, "author": row.author}
        for row in rows
    ]
    if as_json:
        say_json([{**each, "facts": row.facts} for each, row in zip(facts, rows, strict=True)])
        return
    headers = ("NO", "TIME (UTC)", "TOPIC", "ABOUT", "AUTHOR")
    say(table(headers, [list(each.values()) for each in facts]) if facts else "No notice fits.")


@notice.command()
@click.argument("number", type=int)
@json_option
@pass_place
def show(place: Place, number: int, as_json: bool) -> None:
    """Show one notice: its texts, who has read it, and how its deliveries stand.

    \b
    Example:
      esb notice show 17
    """
    from esb.admin.notice_texts import LANGUAGES, notice_text
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.mailbox import get_notice, recipients_of
    from esb.registry.outbox import list_deliveries

    with reading(sit_down(place).engine) as session:
        row = get_notice(session, number)
        boxes = recipients_of(session, number)
        deliveries = list_deliveries(session, notice=number)
    read = {box.recipient: shown(box.read_at) for box in boxes}
    ways = [_delivery(delivery, channel) for delivery, channel in deliveries]
    if as_json:
        facts = {"number": row.id, "at": shown(row.at), "topic": row.topic.value, "about": row.about}
        say_json({**facts, "author": row.author, "facts": row.facts, "read": read, "deliveries": ways})
        return
    for language in LANGUAGES:
        text = notice_text(row.topic, row.about, row.facts, language)
        say(f"{text.subject}\n\n{text.body}")
    say(block([(name, f"read {at}" if at else "not read") for name, at in read.items()]))
    if ways:
        say("")
        say(table(("DELIVERY", "TO", "OVER", "STATE", "ATTEMPTS", "PROBLEM"), [list(each.values()) for each in ways]))


@notice.command()
@click.argument("member")
@click.option("--unread", is_flag=True, help="Only what nobody has marked as read.")
@click.option("--since", type=int, default=0, help="Only notices with a higher number.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--read", "read", is_flag=True, help="Mark what is listed as read.")
@json_option
@pass_place
def mailbox(place: Place, member: str, unread: bool, since: int, limit: int, read: bool, as_json: bool) -> None:
    """List what lies in MEMBER's mailbox, oldest first; @operator and @supervisor have one too.

    \b
    Example:
      esb notice mailbox DIN --unread
    """
    from esb.admin.notice_texts import notice_text
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.database import reading
    from esb.registry.mailbox import list_mailbox, mark_read

    desk = sit_down(place)
    with reading(desk.engine) as session:
        letters = list_mailbox(session, member, unread=unread, since=since, limit=limit)
    if as_json:
        say_json(
            [
                {
                    "number": letter.notice,
                    "at": shown(letter.at),
                    "topic": letter.topic.value,
                    "about": letter.about,
                    "facts": letter.facts,
                    "read": shown(letter.read_at),
                }
                for letter in letters
            ]
        )
    else:
        rows = [
            (
                letter.notice,
                moment_text(letter.at)[:16],
                "" if letter.read_at is None else "read",
                notice_text(letter.topic, letter.about, letter.facts, "en").subject,
            )
            for letter in letters
        ]
        say(
            table(("NO", "TIME (UTC)", "READ", "SUBJECT"), rows)
            if rows
            else f"Nothing lies in the mailbox of {member}."
        )
    if read and letters:
        with acting(desk.engine, desk.author, desk.now) as act:
            mark_read(act, member, [letter.notice for letter in letters])


@notice.command()
@click.argument("member")
@click.option("--mail", metavar="ADDRESS", help="Send notices to this e-mail address.")
@click.option("--webhook", metavar="URL", help="Post notices to this https URL.")
@click.option("--topic", "topics", multiple=True, help="Only notices on this; may be given more than once.")
@pass_place
def subscribe(place: Place, member: str, mail: str | None, webhook: str | None, topics: tuple[str, ...]) -> None:
    """Send MEMBER's notices to an address too, once the code that is sent there was given to `esb notice verify`.

    \b
    Example:
      esb notice subscribe DIN --mail duty@din.example --topic outage --topic maintenance
      esb notice subscribe @operator --webhook https://desk.bus.example/notices
    """
    import secrets

    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.channels import add_channel
    from esb.registry.notice_models import ChannelKind

    if (mail is None) == (webhook is None):
        raise click.UsageError("Give either --mail or --webhook.")
    kind, address = (ChannelKind.MAIL, mail or "") if webhook is None else (ChannelKind.WEBHOOK, webhook)
    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        chosen = [_topic(topic) for topic in topics] or None
        number = add_channel(act, member, kind, address, secrets.token_hex(8), chosen)
    say(f"Channel {number} of {member}: a code is sent to it. Then: esb notice verify {number} CODE")


@notice.command()
@click.argument("channel", type=int)
@click.argument("code")
@pass_place
def verify(place: Place, channel: int, code: str) -> None:
    """Open CHANNEL with the CODE that was sent over it.

    \b
    Example:
      esb notice verify 3 0f8e2b6c9d1a4e57
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.channels import verify_channel

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        verify_channel(act, channel, code)
    say(f"Channel {channel} is open: notices go there from now on.")


@notice.command()
@click.argument("channel", type=int)
@yes_option
@pass_place
def unsubscribe(place: Place, channel: int, yes: bool) -> None:
    """Send nothing more over CHANNEL; the mailbox on the bus stays.

    \b
    Example:
      esb notice unsubscribe 3
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.channels import end_channel

    desk = sit_down(place)
    confirm(f"End channel {channel}?", yes)
    with acting(desk.engine, desk.author, desk.now) as act:
        end_channel(act, channel)
    say(f"Channel {channel} is ended.")


@notice.command()
@click.argument("member", required=False)
@json_option
@pass_place
def channels(place: Place, member: str | None, as_json: bool) -> None:
    """List the channels of MEMBER, or of all.

    \b
    Example:
      esb notice channels DIN
    """
    from esb.cli.desk import sit_down
    from esb.registry.channels import list_channels
    from esb.registry.database import reading

    with reading(sit_down(place).engine) as session:
        rows = list_channels(session, member)
    facts = [
        {
            "channel": row.id,
            "recipient": row.recipient,
            "kind": row.kind.value,
            "address": row.address,
            "topics": "all" if row.topics is None else ", ".join(sorted(row.topics)),
            "state": "waits for its code" if row.verified_at is None else "open",
        }
        for row in rows
    ]
    if as_json:
        say_json(facts)
        return
    headers = ("NO", "RECIPIENT", "KIND", "ADDRESS", "TOPICS", "STATE")
    say(table(headers, [list(each.values()) for each in facts]) if facts else "There are no channels.")


@notice.command()
@pass_place
def deliver(place: Place) -> None:
    """Deliver what is due, once; for a timer where no bus serves, or [notices] deliver is off.

    \b
    Example:
      esb notice deliver
    """
    from esb.cli.desk import sit_down
    from esb.kernel.clock import SystemClock
    from esb.postal import postman
    from esb.registry.database import reading
    from esb.registry.notice_models import DeliveryState
    from esb.registry.outbox import count_deliveries

    desk = sit_down(place)
    done = postman(desk.settings, desk.engine, SystemClock()).deliver()
    with reading(desk.engine) as session:
        left = count_deliveries(session).get(DeliveryState.WAITING, 0)
    say(f"{done.sent} delivered, {done.postponed} to be tried again, {done.given_up} given up; {left} wait.")


@notice.command()
@pass_place
def due(place: Place) -> None:
    """Do what is due: announce ends of grants, agreements, certificates and versions, and time limits, each once; and
    take out documents whose retention has ended.

    \b
    Example:
      esb notice due
    """
    from esb.admin.errands import announce_due
    from esb.cli.desk import sit_down
    from esb.postal import RETENTION, rounds

    desk = sit_down(place)
    done: dict[str, int] = {}

    def say_done(_text: str, **facts: Any) -> None:
        done[facts["what"]] = facts["count"]

    failed = announce_due(rounds(desk.settings, desk.engine), desk.now, say_done)
    taken = done.pop(RETENTION, 0)
    say(f"{sum(done.values())} notices were written.")
    if taken:
        say(f"{taken} documents' retention had ended, and their content was taken out.")
    if failed:
        raise click.ClickException("; ".join(f"{name}: {why}" for name, why in failed.items()))


def _topic(text: str) -> Any:
    from esb.registry.notices import Topic

    try:
        return Topic(text)
    except ValueError:
        words = ", ".join(topic.value for topic in Topic)
        raise click.UsageError(f"There is no topic {text!r}; topics are: {words}.") from None


def _told(announced: "Announced") -> str:
    if not announced.told:
        return "No member has a grant for it, so only the operator's mailbox holds the notice."
    return f"Told: {', '.join(announced.told)}."


def _delivery(delivery: Any, channel: Any) -> dict[str, object]:
    return {
        "delivery": delivery.id,
        "to": channel.recipient,
        "over": channel.kind.value,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "problem": delivery.problem or "",
    }
