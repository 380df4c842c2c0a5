"""What a tag and its wearer are told before, or as, staff are (pure). No command discloses a zone."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from alerts.device_episodes import Episode
from geofence.detection import VisitChange
from geofence.zone_index import ZoneIndex
from model.commands import Command, CommandKind, WearerText, command_identifier
from model.enums import AlertKind, Aspect, Regime, ZoneKind
from model.times import SECOND_US

LASTS_S = 15 * 60
"""A command that could not be sent in this time is of no use to the wearer any more."""

TEXTS: Mapping[AlertKind, WearerText] = {
    AlertKind.BATTERY_LOW: WearerText.CHARGE,
    AlertKind.BATTERY_CRITICAL: WearerText.CHARGE,
    AlertKind.STRAP_TAMPER: WearerText.CONTACT,
}


def commands_of_episode(device_id: int, episode: Episode, now_us: int) -> list[Command]:
    """What the wearer hears as the episode begins; nothing of one that is over."""
    text = TEXTS.get(episode.kind)
    if text is None or episode.ended_us is not None:
        return []
    return [
        command(device_id, CommandKind.VIBRATE, episode.kind, episode.began_us, now_us),
        command(device_id, CommandKind.TEXT, episode.kind, episode.began_us, now_us, text),
    ]


def ask_for_fix(device_id: int, since_us: int, now_us: int) -> Command:
    """``since_us`` is the time of the last fix: a tag is asked once for each time that it has none."""
    return command(device_id, CommandKind.FIX_NOW, AlertKind.NO_FIX, since_us, now_us)


def commands_of_visits(changes: Iterable[VisitChange], zones: ZoneIndex) -> list[Command]:
    """What tags are asked as wearers come near a zone or seem to be in it.

    A tag near or in an exclusion zone reports faster, which nobody notices, so that officers know sooner whether it is
    so. It vibrates at an approach only where the wearer knows of the zone: otherwise it would tell where it is.
    """
    return [one for change in changes for one in _commands_of_visit(change, zones)]


def _commands_of_visit(change: VisitChange, zones: ZoneIndex) -> list[Command]:
    visit = change.after
    watched = visit.zone_kind is ZoneKind.EXCLUSION and visit.regime is Regime.IN_FORCE and visit.state.is_open
    entry = visit.evidence.entry
    if not watched or entry.received_us - entry.fix_time_us > LASTS_S * SECOND_US:
        return []
    found = []
    if change.before is None:
        found.append((CommandKind.REPORT_FASTER, "near_zone"))
    confirmed_now = visit.confirmed_us is not None and (change.before is None or change.before.confirmed_us is None)
    if visit.aspect is Aspect.BUFFER and confirmed_now and zones.is_disclosed(visit.zone_id, visit.zone_version):
        found.append((CommandKind.VIBRATE, "approach"))
    latest_us = visit.evidence.latest.received_us
    return [command(entry.device_id, kind, reason, visit.entered_us, latest_us) for kind, reason in found]


def command(
    device_id: int, kind: CommandKind, reason: str, cause_us: int, now_us: int, text: WearerText | None = None
) -> Command:
    return Command(
        command_id=command_identifier(device_id, kind, reason, cause_us),
        device_id=device_id,
        kind=kind,
        text=text,
        reason=str(reason),
        expires_us=now_us + LASTS_S * SECOND_US,
    )


def once_each(commands: Sequence[Command]) -> list[Command]:
    """Without repeats, in their order."""
    found: dict[UUID, Command] = {}
    for one in commands:
        found.setdefault(one.command_id, one)
    return list(found.values())
