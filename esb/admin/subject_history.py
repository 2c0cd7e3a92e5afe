"""Who asked about a person, when, and on which legal ground: read from the evidence log, and itself an act on record.

What the person is told may be deferred (:mod:`esb.registry.deferrals`): a question is then left out, or counted.  An
operator with a reason sees everything.  No FIN is written anywhere; the act of reading names the pseudonym.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sqlalchemy import Engine

from esb.admin.evidence.attest import attested_checkpoint
from esb.admin.subject_search import searching, until_with_answers
from esb.audit.entry import Entry, Kind
from esb.audit.leaf import leaf_bytes
from esb.audit.log import Recorded
from esb.audit.past import Away, Past, Told
from esb.audit.proof import TlogProof
from esb.audit.record import StoreUnavailable
from esb.audit.search import Found
from esb.audit.search_index import index_reading
from esb.audit.store import locate
from esb.audit.tree_reader import TreeReader
from esb.audit.vault import Vault
from esb.audit.whole import WholeReader
from esb.kernel.fin import read_fin
from esb.kernel.pseudonyms import Pseudonyms
from esb.registry.acts import acting
from esb.registry.checks import lawful_text
from esb.registry.database import reading
from esb.registry.deferrals import Deferrals, all_deferrals
from esb.registry.errors import Invalid
from esb.registry.members import list_members
from esb.registry.resources import list_resources
from esb.registry.subject_models import Telling

MOST_LINES: Final = 500
_LOOKS: Final = 3  # at a log that has let go of a month meanwhile


class View(Enum):
    """For whom a history is read."""

    PERSON = "person"  # what the law lets the person know now
    OPERATOR = "operator"  # everything


@dataclass(frozen=True, slots=True)
class Name:
    """What something is called."""

    az: str
    en: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a history.

    Attributes:
        since, until: microseconds since the Unix epoch; from ``since`` on and before ``until``.
        before: ``next`` of the page before.
        limit: lines at the most.
        proofs: whether each line comes with its records and their proofs.
    """

    since: int | None = None
    until: int | None = None
    before: int | None = None
    limit: int = 100
    proofs: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record that names the person, so that anybody can check that it stands in the log.

    Attributes:
        record: its name.
        leaf: its octets, whose hash is in the tree.
        proof: that it is in the tree of a checkpoint, one that is time-stamped and cosigned where there is such; None
            while no checkpoint covers it.
    """

    record: str
    leaf: bytes
    proof: TlogProof | None


@dataclass(frozen=True, slots=True)
class Line:
    """One exchange in which the person was named.

    Attributes:
        entry: the facts of its first record that is there.
        outcome, rule: how it ended: of its answer or refusal; ``accepted`` while there is neither.
        named: ``request``, ``answer`` or both, in this order: whose message named the person.
        consumer, provider, service: what the parties and the service are called; None where the registry does not say.
        told_from: microseconds since the epoch from which on the person is told of it; None where it is not deferred.
        hidden: whether its very existence is deferred.
        evidence: where proofs were asked for.
    """

    entry: Entry
    outcome: str
    rule: str
    named: tuple[str, ...]
    consumer: Name | None
    provider: Name | None
    service: Name | None
    told_from: int | None
    hidden: bool
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class History:
    """A page of a history.

    Attributes:
        pseudonym: of the person, under the key of now.
        lines: newest first.
        withheld: how many lines of the time asked for are deferred and may be counted.
        crowded: exchanges of that time that named more persons than a record holds, none of whom is known to be this
            one: the person may have been among the rest.
        unread: records that may name the person and cannot be read here: all that packages hold which are not at hand,
            and those that are damaged or gone, which are not counted for the person while anything at all is hidden.
        next: ``before`` of the page that follows; None on the last.
        away: the parts of the time asked for that have left the log and could not be looked into, oldest first.  They
            are alike for everybody: nothing in them was looked at.
    """

    pseudonym: str
    lines: tuple[Line, ...]
    withheld: int
    crowded: int
    unread: int
    next: int | None
    away: tuple[Away, ...] = ()

    @property
    def complete_from(self) -> int | None:
        """From when on it is complete, microseconds since the epoch; None where it is for all of the time asked for."""
        return max((each.until for each in self.away), default=None)


class Histories:
    """Reads histories.  Blocks; may be called from any thread.

    Args:
        url: of the evidence log.
        pseudonyms: opens every key.
        vault: opens what finds records that have left the log; once for each reading.
        through: how many records of a package may be read through where the search index does not tell what it holds;
            None for all.
        told: is told how many of their records were read through, and of how many.
    """

    def __init__(
        self,
        engine: Engine,
        url: str,
        pseudonyms: Callable[[], Pseudonyms],
        vault: Callable[[], Vault],
        *,
        through: int | None = None,
        told: Told = lambda _done, _of: None,
    ) -> None:
        self._engine = engine
        self._pseudonyms = pseudonyms
        self._url = url
        self._vault = vault
        self._through = through
        self._told = told
        self._tree = TreeReader(url)

    def read(self, fin: str, asked: Asked, view: View, reason: str, *, author: str, now: float) -> History:
        """Read a page.  That it is read is on record before anything is looked for.

        Args:
            fin: as a person writes it.
            reason: why it is read; it stays in the registry, and may not hold the FIN.

        Raises:
            Invalid: the FIN is none, or no reason is given, or one that names the person.
            KeyUnusable: a key of pseudonyms cannot be opened.
            RegistryUnavailable, StoreUnavailable, IndexUnfit, LogDamaged, ArchivedAway: something cannot be read now.
            PackageInvalid: an archived record is not the one that the log let go of.
        """
        known = read_fin(fin)
        if known is None:
            raise Invalid("this is no FIN: seven digits and Latin capitals, without I and O")
        reason = lawful_text(reason, "reason")
        if known in reason.upper():
            raise Invalid(
                "the reason names the person, and would stand in the registry for ever: say it without the FIN"
            )
        names = self._pseudonyms().every(known)
        with acting(self._engine, author, now) as act:
            times = {"since": asked.since, "until": asked.until, "before": asked.before}
            detail = {name: value for name, value in times.items() if value is not None}
            act.record("read", "subject", names[0], {"view": view.value, "reason": reason, **detail})
        with reading(self._engine) as session:
            deferrals = all_deferrals(session)
            members = {each.code: Name(each.name_az, each.name_en) for each in list_members(session)}
            services = {
                service: Name(each.entry.name.az, each.entry.name.en)
                for each in list_resources(session)
                for service in each.entry.services
            }

        def look() -> History | None:
            with closing(self._vault()) as vault, closing(self._past(vault, asked)) as past:
                with closing(WholeReader(self._url, vault)) as reader:
                    page = _Page(names, reader, self._tree, members, services, deferrals, asked, view, now)
                    history = self._history(page, past, names, asked, view is View.PERSON and deferrals.hide(now))
                return None if past.is_outdated() else history

        for _ in range(_LOOKS):
            if (history := look()) is not None:
                return history
        raise StoreUnavailable("the log is letting months go just now: ask again in a moment")

    def _history(self, page: "_Page", past: Past, names: Sequence[str], asked: Asked, hidden: bool) -> History:
        seen: set[str] = set()
        with searching(self._url, names, past) as search:
            for found in search.every(asked.since, asked.until):
                if found.entry.exchange not in seen:  # the first that is met is its newest that names him
                    seen.add(found.entry.exchange)
                    page.take(found)
            crowds = {each.entry.exchange for each in search.crowds(asked.since, asked.until) if page.tells(each.entry)}
            # What cannot be read may be hidden: its number must not give it away.
            unread = 0 if hidden else search.unread
        return History(
            pseudonym=names[0],
            lines=tuple(page.lines),
            withheld=page.withheld,
            crowded=len(crowds - seen),
            unread=unread + sum(each.records for each in past.away),
            next=page.next,
            away=past.away,
        )

    def _past(self, vault: Vault, asked: Asked) -> Past:
        with closing(index_reading(locate(self._url))) as index:
            until = until_with_answers(asked.until)
            return Past(self._url, vault, index, asked.since, until, through=self._through, told=self._told)

    def close(self) -> None:
        """Let go of the log; the next question opens it again."""
        self._tree.close()


class _Page:
    """Gathers the lines of a page, and what is to be said of the rest."""

    def __init__(
        self,
        names: Sequence[str],
        reader: WholeReader,
        tree: TreeReader,
        members: dict[str, Name],
        services: dict[str, Name],
        deferrals: Deferrals,
        asked: Asked,
        view: View,
        now: float,
    ) -> None:
        self._names = frozenset(names)
        self._reader = reader
        self._tree = tree
        self._members = members
        self._services = services
        self._deferrals = deferrals
        self._asked = asked
        self._view = view
        self._now = now
        self._last = 0
        self.lines: list[Line] = []
        self.withheld = 0
        self.next: int | None = None

    def tells(self, entry: Entry) -> bool:
        """Whether an exchange is of the time asked for, and not kept from whoever this page is for."""
        if not self._in_time(entry.at):
            return False
        return self._view is View.OPERATOR or self._deferred(entry)[0] is None

    def take(self, found: Found) -> None:
        """Take the exchange of a record that names the person, its newest such; they come newest first."""
        number, entry = found.number, found.entry
        timed = self._asked.since is not None or self._asked.until is not None
        records = self._records(found) if timed else None  # the first of them says when it was asked
        if records is not None and not self._in_time(records[0].entry.at):
            return
        told_from, hidden = self._deferred(entry)
        if told_from is not None and self._view is View.PERSON:
            self.withheld += not hidden
            return
        if (self._asked.before is not None and number >= self._asked.before) or self.next is not None:
            return
        if len(self.lines) == min(self._asked.limit, MOST_LINES):
            self.next = self._last
            return
        self._last = number
        self.lines.append(self._line(records or self._records(found), told_from, hidden))

    def _records(self, found: Found) -> Sequence[Recorded]:
        """All of an exchange that is at hand: one whose id is of another time than it is stays what was found."""
        alone = Recorded(found.number, found.entry, found.leaf_hash, 0, 0, False)
        return self._reader.show(found.entry.exchange) or [alone]

    def _in_time(self, at: int) -> bool:
        since, until = self._asked.since, self._asked.until
        return (since is None or at >= since) and (until is None or at < until)

    def _line(self, records: Sequence[Recorded], told_from: int | None, hidden: bool) -> Line:
        first, last = records[0].entry, records[-1].entry
        naming = [each for each in records if not self._names.isdisjoint(each.entry.subject.split(" "))]
        named = {"answer" if each.entry.kind is Kind.ANSWER else "request" for each in naming}
        return Line(
            entry=first,
            outcome=last.outcome,
            rule=last.rule,
            named=tuple(sorted(named, reverse=True)),
            consumer=self._members.get(first.consumer),
            provider=self._members.get(first.service.partition("/")[0]),
            service=self._services.get(first.service),
            told_from=told_from,
            hidden=hidden,
            evidence=tuple(map(self._evidence, naming)) if self._asked.proofs else (),
        )

    def _deferred(self, entry: Entry) -> tuple[int | None, bool]:
        """From when on an exchange is told, where that is still to come, and whether it is hidden until then."""
        told_from, hidden = None, False
        service = entry.service.removeprefix("/services/")  # a request that was refused early names the path
        for rule in self._deferrals.of(entry.grant, entry.consumer, service):
            if rule.defers(entry.at, self._now):
                told_from = max(told_from or 0, rule.ends(entry.at) or 0)
                hidden = hidden or rule.telling is Telling.HIDDEN
        return told_from, hidden

    def _evidence(self, record: Recorded) -> Evidence:
        name = record.entry.record
        index = self._tree.place_of(record.id)  # also of what has left the log
        point = None if index is None else attested_checkpoint(self._tree, index + 1)
        proof = None
        if index is not None and point is not None:
            proof = TlogProof(index, tuple(self._tree.inclusion(index, point.size)), point.note)
        return Evidence(name, leaf_bytes(record.entry), proof)
