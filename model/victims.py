"""Victims: what their zones are worth now, and what they want to be told. Times are aware ``datetime``s."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from uuid import UUID

from model.enums import AlertKind, AlertState
from model.schedules import Schedule


class ZoneWatch(StrEnum):
    """Whether a breach of a victim's zone would be seen now."""

    WATCHED = "watched"
    WEAKENED = "weakened"  # it may be missed, or seen late
    NOT_WATCHED = "not_watched"
    NOT_IN_FORCE = "not_in_force"  # outside its hours, or before it begins: nobody is to be kept out now


class WatchReason(StrEnum):
    # in force later
    OUTSIDE_HOURS = "outside_hours"
    NOT_BEGUN = "not_begun"
    # not watched
    NO_LIVE_VERSION = "no_live_version"
    NO_ACTIVATION = "no_activation"  # the wearer wears no tag
    NEVER_HEARD = "never_heard"  # the tag has said nothing since it was put on
    NOT_LOADED = "not_loaded"  # no worker judges by the zone as it stands
    AUTHORISED = "authorised"  # the wearer may be there now
    # weakened
    SILENT = "silent"
    NO_FIX = "no_fix"
    BATTERY_CRITICAL = "battery_critical"
    POWER_OFF = "power_off"
    STRAP_TAMPER = "strap_tamper"
    INTAKE_DEAF = "intake_deaf"
    INTAKE_UNPROVED = "intake_unproved"  # nobody has proved lately that pings come in
    ADDRESS_ENDED = "address_ended"  # the address that the zone was drawn for is another now


@dataclass(frozen=True, slots=True)
class Reason:
    code: WatchReason
    since: datetime | None  # None: not known


@dataclass(frozen=True, slots=True)
class Watch:
    """Of one zone: its state, and everything that speaks for it."""

    state: ZoneWatch
    reasons: tuple[Reason, ...] = ()

    @property
    def codes(self) -> frozenset[WatchReason]:
        return frozenset(one.code for one in self.reasons)


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """The version of a zone that is valid now; ``active_from`` and ``active_to`` are the condition's own dates."""

    version: int
    active_from: datetime | None
    active_to: datetime | None
    schedule: Schedule | None
    created_at: datetime
    is_loaded: bool  # every worker that is at work judges by it


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open alert of the wearer's device."""

    kind: AlertKind
    since: datetime


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """Everything that says whether one victim's zone is watched."""

    zone_id: int
    victim_id: int
    reference: str
    liaison: str
    linked_at: datetime
    live: LiveVersion | None
    begins_at: datetime | None  # where no version is valid yet
    ended_at: datetime | None  # of the latest version, where that is over
    worn_since: datetime | None  # None: the wearer wears no device now
    taken_off_at: datetime | None  # when the last device came off; None also where none was ever worn
    heard_at: datetime | None  # the last message of the devices that are worn
    troubles: tuple[Trouble, ...]
    deaf_since: datetime | None
    alive_through: datetime | None  # until when the intake is proved; None: the watch never ran
    lifted_since: datetime | None  # by an authorisation that holds now
    address_ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownWatch:
    """As a zone is shown, and as it was told last."""

    watch: Watch
    since: datetime
    told_state: ZoneWatch
    told_codes: frozenset[WatchReason]
    better_since: datetime | None = None  # it has looked better since then, and is not shown so yet


class TellingKind(StrEnum):
    """What a victim may choose to be told. There is no word for batteries, silence, approaches or what is possible."""

    BREACH = "breach"  # the wearer was in the zone
    RECALL = "recall"  # the wearer is recalled to prison
    MONITORING_ENDED = "monitoring_ended"  # the tag came off for good, or the condition has ended
    RETRACTION = "retraction"  # what was told is not so


class TellingMethod(StrEnum):
    """How a person tells them; Cordon itself sends a victim nothing."""

    PHONE = "phone"
    LETTER = "letter"
    SMS = "sms"
    EMAIL = "email"


class BreachMoment(StrEnum):
    """When a breach is told."""

    CONFIRMED = "confirmed"  # as soon as detection is sure
    REVIEWED = "reviewed"  # once an officer has closed the alert as a breach


@dataclass(frozen=True, slots=True)
class VictimChoice:
    """``hours_from`` to ``hours_to`` by the clock in London, over midnight where they say so. No kinds: nothing."""

    version: int
    kinds: frozenset[TellingKind]
    method: TellingMethod
    breach_when: BreachMoment
    hours_from: time
    hours_to: time
    at_night: bool
    chosen_at: datetime


class TaskStatus(StrEnum):
    WAITING = "waiting"
    TOLD = "told"
    NOT_TOLD = "not_told"  # a person decided so, and wrote why
    WITHDRAWN = "withdrawn"  # it stopped being so, or being wanted, before it was told


@dataclass(frozen=True, slots=True)
class VictimTask:
    task_id: int
    victim_id: int
    fact: str
    kind: TellingKind
    status: TaskStatus
    happened_at: datetime
    is_taken_back: bool = False


@dataclass(frozen=True, slots=True)
class TellableFact:
    """Something that a victim may be told; ``name`` is its own for ever.

    ``known_at`` is when it was sure, ``reviewed_at`` when an officer said so too. ``is_so`` is False once it turned out
    not to be so.
    """

    victim_id: int
    name: str
    kind: TellingKind
    happened_at: datetime
    known_at: datetime
    reviewed_at: datetime | None
    is_so: bool
    linked_at: datetime  # since when the zone is the victim's: what was before is not told


@dataclass(frozen=True, slots=True)
class TellableAlert:
    """An alert on a victim's zone, with how its case was closed; ``outcome_is_breach`` is None for neither."""

    alert_id: UUID
    victim_id: int
    kind: AlertKind
    state: AlertState
    is_inferred: bool
    began_at: datetime
    raised_at: datetime
    closed_at: datetime | None
    outcome: str | None
    linked_at: datetime
