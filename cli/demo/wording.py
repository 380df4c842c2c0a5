"""Alerts and figures in words (pure)."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cli.demo.seeding import Keys
from model.enums import AlertChangeKind, AlertKind, EndReason
from model.notices import NoticeChannel
from store.summary import AlertNotice, CrimeNotice, Holdings, RunFigures, StaffNotice

LONDON = ZoneInfo("Europe/London")

MECHANISMS = {
    "gps": "GPS",
    "rf": "home beacon",
    "lbs": "cell tower",
    "wifi": "Wi-Fi",
}

DEEDS = {
    AlertKind.EXCLUSION_ZONE_BREACH: "entered",
    AlertKind.INFERRED_CROSSING: "crossed, as inferred between two positions,",
    AlertKind.APPROACH_WARNING: "came near",
    AlertKind.INCLUSION_ZONE_ABSENCE: "is away from",
    AlertKind.CURFEW_ABSENCE: "is away from",
    AlertKind.AUTHORISED_ENTRY: "entered, as authorised,",
    AlertKind.AUTHORISED_ABSENCE: "is away, as authorised, from",
    AlertKind.AUTHORITY_AREA_ENTRY: "is in the area of the authority",
    AlertKind.LEFT_HOME_AREA: "is away from the home area",
}
"""What somebody did, by the alert of a zone that says so."""

ABSENCES = {
    AlertKind.INCLUSION_ZONE_ABSENCE,
    AlertKind.CURFEW_ABSENCE,
    AlertKind.AUTHORISED_ABSENCE,
    AlertKind.LEFT_HOME_AREA,
}


def welcome(found: Holdings, keys: Keys, address: str, wearers: int, seconds: float | None) -> str:
    """What a person can do once the service is ready."""
    before = (
        f"Found the data of earlier runs: {found.people} people, {found.positions} positions, {found.alerts} alerts."
        if found.people
        else "A new database."
    )
    until = "until Ctrl-C" if seconds is None else f"for {seconds:g} seconds"
    return f"""
{before}
{wearers} simulated wearers send a position every 2 to 5 seconds each, {until}.

  Open       {address}  (JSON until there are pages: /v1/alerts, /v1/people, /v1/openapi.json)
  Sign in    with the header "Authorization: Bearer TOKEN"; the duty officer, who sees whoever has an open alert, has
               {keys.duty_officer}
             and {keys.practitioner_subject}, who sees the own caseload, has
               {keys.practitioner}
             In a browser, {address}/sign-in asks for the token and keeps you signed in
  Try        curl -H 'Authorization: Bearer {keys.duty_officer}' '{address}/v1/alerts'
  Follow     curl -N -H 'Authorization: Bearer {keys.duty_officer}' '{address}/v1/alerts/stream'

Waiting for the first breach: some wearers are about to enter their exclusion zones ..."""


def breach(notice: AlertNotice, address: str) -> str:
    """A raised alert as an officer reads it."""
    entry = notice.evidence["positions"]["entry"]
    return "\n".join(
        (
            "BREACH ALERT: exclusion zone entered",
            f"  Who        {notice.name}, CRN {notice.crn}, wearing {notice.serial}",
            f"  Zone       {notice.zone_name} ({notice.zone_reference})",
            f"  When       {london_time(notice.began_at)}",
            f"  Where      {relative_to_boundary(entry['depth_m'])}",
            f"  Accuracy   {how_exact(entry)}",
            "  Next       It stays open, and gains evidence with each position inside, until positions outside end it.",
            f"             On the lists of the duty officer and of {notice.practitioner or 'no practitioner'}.",
            f"  Evidence   {address}/v1/alerts/{notice.alert_id}",
        )
    )


def told(notice: StaffNotice) -> str:
    """Whom the duty process has told of an alert, and what became of it."""
    how = "text message" if notice.channel == NoticeChannel.SMS else "e-mail"
    waits = " (nothing sends messages here, so it waits; see docs/delivery.md)" if notice.is_waiting else ""
    return f"TOLD: {notice.recipient}, by {how}{waits}."


def change_line(notice: AlertNotice) -> str:
    """A later change in one line: what the alert says now."""
    who = f"{notice.name} ({notice.crn})"
    if notice.change == AlertChangeKind.ENDED and notice.ended_at is not None:
        return f"{clock_time(notice.ended_at)}  ended   {who}{_end(notice, notice.ended_at)}"
    did = f"{clock_time(notice.began_at)}  {notice.change:<6}  {who} {DEEDS[AlertKind(notice.kind)]} {notice.zone_name}"
    if notice.kind == AlertKind.INFERRED_CROSSING:
        return did
    entry = notice.evidence["positions"]["entry"]
    return f"{did}: {relative_to_boundary(entry['depth_m'])}, {how_exact(entry)}"


def _end(notice: AlertNotice, ended_at: datetime) -> str:
    """How it ended: an alert that hours or an authorisation ended does not say that anybody moved."""
    lasted_s = (ended_at - notice.began_at).total_seconds()
    reason = notice.evidence.get("end_reason")
    if reason == EndReason.REGIME_CHANGED:
        return f": hours or an authorisation of {notice.zone_name} began or ended, after {lasted_s:.0f} s"
    if reason == EndReason.DEVICE_OFF:
        return f": the tag came off, after {lasted_s:.0f} s at {notice.zone_name}"
    if notice.kind in ABSENCES:
        return f" came back to {notice.zone_name}, after {lasted_s:.0f} s"
    return f" left {notice.zone_name}, {lasted_s:.0f} s after entering"


def matched(notice: CrimeNotice) -> str:
    """A crime's match as whoever runs the demo reads it."""
    placed = [f"             {one.verdict}: {one.name}, CRN {one.crn}. {one.reason}" for one in notice.placed]
    present = f"present {notice.present}, possible {notice.possible}, absent {notice.absent}"
    return "\n".join(
        (
            f"CRIME MATCHED, {notice.took_s:.1f} s after it was reported: a made-up robbery where the breach was",
            f"  Crime      {notice.reference}, {clock_time(notice.from_time)} to {clock_time(notice.to_time)}",
            f"  Wearers    {present}, cannot say {notice.cannot_say}",
            *placed,
            "  Absent     Few or none here: ten minutes before and after count too. Before, these tags hardly spoke;",
            "             what comes after is not over. With a longer track most wearers would be ruled out.",
            "  Next       New positions are matched as they come, and everybody again once that time is over.",
            "  Police     see it at /v1/crimes, with a token of",
            "             cordon token create --role police_analyst --for NAME --force Metropolitan",
            "  Note       Being near a scene does not show that the wearer did or saw anything. Police see no name",
            "             before a reviewer has qualified the match.",
        )
    )


def london_time(moment: datetime) -> str:
    """Such as `Sunday 22 November 2026, 10:21:43+00:00 (GMT)`; in English whatever the machine's locale is."""
    local = moment.astimezone(LONDON)
    day = f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {clock_time(moment)} ({local.tzname()})"


def clock_time(moment: datetime) -> str:
    return moment.astimezone(LONDON).isoformat(sep=" ", timespec="seconds")[11:]


def relative_to_boundary(depth_m: float) -> str:
    if abs(depth_m) < 1:
        return "on the boundary"
    return f"{abs(depth_m):.0f} m {'inside' if depth_m > 0 else 'outside'} the boundary"


def how_exact(position: dict[str, Any]) -> str:
    """What the receiver states of itself; how sure the breach is does not follow from it alone."""
    mechanism = MECHANISMS[position["mechanism"]]
    accuracy_m = position["accuracy_m"]
    if not accuracy_m:
        return f"{mechanism} position, accuracy not stated"
    return f"{mechanism} position, accurate to {accuracy_m:.0f} m"


def figures(accepted: int, refused: int, run: RunFigures) -> str:
    """The closing account of a run, one figure a line: what the gateway took and refused, and what became of it."""
    lines = [
        ("pings received", str(accepted + refused)),
        ("pings stored", str(run.stored)),
        ("pings rejected", str(refused + run.rejected)),
        ("visits", str(run.visits)),
        ("alerts", str(run.alerts)),
        ("ping to alert, 50th percentile", _seconds(run.delay_p50_s)),
        ("ping to alert, 99th percentile", _seconds(run.delay_p99_s)),
    ]
    if run.quarantined:
        lines.insert(2, ("pings quarantined", str(run.quarantined)))
    return "\n".join(f"  {label + ':':<33}{value}" for label, value in lines)


def _seconds(delay_s: float | None) -> str:
    return "no alert in this run" if delay_s is None else f"{delay_s:.3f} s"


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
