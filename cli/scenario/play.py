"""The play: one moment after the other at which something is due, and at each the same things in the same order."""

import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from alerts.casework_rules import default_rules
from cli.scenario.asking import Asking
from cli.scenario.cast import ADMINISTRATOR, LIAISON, STAFF, make_keys
from cli.scenario.officers import Officer
from cli.scenario.receivers import Arrived, Mood, NotifyReceiver, WebhookReceiver, listening
from cli.scenario.stage import TICK_S, Stage, Webhook, let_go, staged
from cli.scenario.stories import Story
from cli.scenario.tags import Sent
from cli.scenario.telling import Teller
from cli.scenario.weekend import ENDS, ENROLLED, LONDON, STARTS, all_sent
from ops.errors import UnavailableError
from store.scenario import alerts_of_message, changes_after, next_due

MOST_ROUNDS = 50
PROVED_FOR = timedelta(seconds=60)
"""So long after a heartbeat came through nobody doubts that tags are heard."""
JOINED_WITHIN_S = 5.0
RINGS_AFTER = {"breach": timedelta(minutes=8), "warning": timedelta(minutes=40)}
STEPPED_HOOKS = ("case-system", "archive")
"""The third one hangs: its sender runs by itself, in a thread of its own, as all do in a service."""
READS_AFTER = {"sms": timedelta(seconds=90), "email": timedelta(minutes=6)}
"""How long after a message arrived its reader sits at the list of alerts."""


@dataclass(slots=True)
class Play:
    """What is there at one moment. ``acts`` are what is still to be done, by their moment."""

    stage: Stage
    teller: Teller
    notify: NotifyReceiver
    hooks: Mapping[str, WebhookReceiver]
    webhooks: Mapping[str, Webhook]
    officers: Mapping[str, Officer]
    acts: defaultdict[datetime, list["Act"]] = field(default_factory=lambda: defaultdict(list))
    now: datetime = ENROLLED
    judged_at: datetime = ENROLLED
    _seen_event: int = 0

    def officer(self, subject: str) -> Officer:
        return self.officers[subject]

    def say(self, who: str, what: str) -> None:
        self.teller.say(self.now, who, what)

    def alert_of(self, crn: str, kind: str) -> str:
        """The latest of that kind, by its id."""
        with self.stage.owned() as cursor:
            found = [one for one in changes_after(cursor, 0) if (one.crn, one.kind) == (crn, kind)]
        return found[-1].alert_id

    def tell_changes(self) -> None:
        """The lines of what the service did since the last time."""
        with self.stage.owned() as cursor:
            for told in changes_after(cursor, self._seen_event):
                self._seen_event = told.event_id
                self.teller.change(told)

    def tell_messages(self) -> None:
        """The lines of what arrived; whoever is told looks at the list some time later."""
        for arrived in self.notify.take():
            message_id = int(arrived.reference.rpartition("-")[2])
            with self.stage.owned() as cursor:
                about = alerts_of_message(cursor, message_id)
            self.teller.message(self.now, arrived, about)
            reader = self.teller.subjects[arrived.address]
            if reader in self.officers and reader != LIAISON and arrived.address not in self.notify.switched_off:
                self.acts[self.now + READS_AFTER[arrived.channel]].append(_take_all(reader))


@dataclass(frozen=True, slots=True)
class Played:
    """What is printed: the lines of what happened, and those of the account. ``messages`` are whole."""

    lines: Sequence[str]
    account: Sequence[str]
    messages: Sequence[Arrived]


Act = Callable[[Play], None]
"""Something that somebody does, at its moment."""


def _take_all(subject: str) -> Act:
    """Take every alert for now that nobody has acknowledged, and ring the wearer of each soon after.

    What is for the morning waits for it.
    """

    def act(play: Play) -> None:
        officer = play.officer(subject)
        for alert in officer.open_alerts():
            is_new = alert["case"]["status"] in {"raised", "reopened"}
            if is_new and alert["urgency"] == "immediate" and alert["severity"] != "information":
                officer.take(play.now, alert)
                play.acts[play.now + RINGS_AFTER[alert["severity"]]].append(_ring(subject, alert["alert_id"]))

    return act


def _ring(subject: str, alert_id: str) -> Act:
    def act(play: Play) -> None:
        play.officer(subject).do(play.now, alert_id, "contact", text="Rang the wearer, who answered.")

    return act


def play(told: Sequence[Story], acts: Mapping[datetime, Sequence[Act]], closing: Callable[[Play], list[str]]) -> Played:
    """Everything from the first moment to the last, and what ``closing`` finds then. Nothing of it is left running."""
    with (
        tempfile.TemporaryDirectory(prefix="cordon-scenario-") as folder,
        _ready(Path(folder)) as (on_stage, tags),
    ):
        for at, ones in acts.items():
            on_stage.acts[at.astimezone(UTC)] += ones
        sent: defaultdict[datetime, list[Sent]] = defaultdict(list)
        for one in all_sent(told):
            sent[one.at.astimezone(UTC)].append(one)
        ticks = {
            STARTS + n * timedelta(seconds=TICK_S) for n in range(int((ENDS - STARTS).total_seconds() / TICK_S) + 1)
        }
        _go_through(on_stage, tags, sent, sorted(at.astimezone(UTC) for at in ticks))
        return Played(on_stage.teller.lines, closing(on_stage), on_stage.notify.arrived)


def _go_through(
    on_stage: Play, tags: Asking, sent: Mapping[datetime, Sequence[Sent]], ticks: Sequence[datetime]
) -> None:
    waiting = sorted({*sent, *ticks}, reverse=True)
    due = _due(on_stage)
    while True:
        candidates = [waiting[-1] if waiting else None, min(on_stage.acts, default=None), due]
        at = min(one for one in candidates if one is not None)
        if at > ENDS or not waiting:
            break
        on_stage.now = max(at, on_stage.now)
        on_stage.stage.set_clock(on_stage.now)
        has_news = waiting[-1] <= on_stage.now
        if has_news:
            _hand_in(tags, sent.get(waiting.pop(), ()))
        _judge(on_stage, has_news=has_news)
        due = _serve(on_stage, has_news=has_news)
        acts = on_stage.acts.pop(on_stage.now, ())
        for act in acts:
            act(on_stage)
        if acts:
            due = _serve(on_stage, has_news=False)


def _judge(on_stage: Play, *, has_news: bool) -> None:
    """Where nothing came in, for the sake of the heartbeat: nobody may doubt that tags are heard."""
    if has_news or on_stage.now - on_stage.judged_at > PROVED_FOR:
        on_stage.stage.judge()
        on_stage.tell_changes()
        on_stage.judged_at = on_stage.now


def _due(on_stage: Play) -> datetime | None:
    rules = default_rules()
    with on_stage.stage.owned() as cursor:
        return next_due(cursor, rules.hand_over_notice_s, rules.quiet_s)


def _serve(on_stage: Play, *, has_news: bool) -> datetime | None:
    """The timetable and the delivery, until nothing more is due at this moment; and when something is next.

    What the tags send may change how well a victim's zone is watched, which no deadline tells.
    """
    due = on_stage.now if has_news else _due(on_stage)
    rounds = 0
    while due is not None and due <= on_stage.now:
        rounds += 1
        if rounds > MOST_ROUNDS:
            at = on_stage.now.isoformat()
            raise UnavailableError(f"at {at} the service does not come to an end with what is due")
        on_stage.stage.be_on_duty()
        on_stage.tell_changes()
        on_stage.tell_messages()
        due = _due(on_stage)
    on_stage.stage.post([on_stage.webhooks[name] for name in STEPPED_HOOKS])
    return due


def _hand_in(tags: Asking, sent: Sequence[Sent]) -> None:
    for path, is_event in (("/v1/events", True), ("/v1/pings", False)):
        documents = [one.document for one in sent if one.is_event is is_event]
        if documents:
            answer = tags.ask("POST", path, documents)
            if answer.status != HTTPStatus.ACCEPTED or answer.body["rejected"]:
                raise UnavailableError(f"the gateway refuses what the scenario sends: {answer.status} {answer.body}")


@contextmanager
def _ready(folder: Path) -> Iterator[tuple[Play, Asking]]:
    notify = NotifyReceiver()
    hooks = {"case-system": WebhookReceiver(), "archive": WebhookReceiver(), "dashboard": WebhookReceiver(Mood.HANGS)}
    with ExitStack() as undo:
        stage = undo.enter_context(staged(folder, ENROLLED, undo.enter_context(listening(notify))))
        addresses = {name: undo.enter_context(listening(hook)) for name, hook in hooks.items()}
        with stage.owned() as cursor:
            key, tokens = make_keys(cursor)
        subjects = {address: one.subject for one in STAFF for address in (one.email, one.mobile) if address}
        teller = Teller(LONDON, subjects)
        stop = threading.Event()
        officers = {who: Officer(who, Asking(stage.url, token), teller) for who, token in tokens.items()}
        webhooks = {
            name: _registered(stage, officers[ADMINISTRATOR], name, address) for name, address in addresses.items()
        }
        for name in STEPPED_HOOKS:
            undo.callback(let_go, webhooks[name].sender)
        hanging = threading.Thread(target=webhooks["dashboard"].sender.run, args=(stop,), name="dashboard", daemon=True)
        hanging.start()
        undo.callback(hanging.join, JOINED_WITHIN_S)
        undo.callback(stop.set)
        yield Play(stage, teller, notify, hooks, webhooks, officers), Asking(stage.url, key)


def _registered(stage: Stage, by: Officer, name: str, url: str) -> Webhook:
    """A receiver of alert events, and what sends to it."""
    made = by.asking.done("POST", "/v1/webhooks", {"url": url, "description": name})
    by.teller.say(ENROLLED, by.subject, f"registered the webhook {name}")
    return stage.webhook(made.body["webhook"]["webhook_id"])
