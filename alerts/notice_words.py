"""The words of messages to staff: what kind of thing, how grave, how many, when, whom to call, and a link.

Never a place, an offence, a wearer, a zone's name or a victim: whoever finds the telephone learns nothing. So that this
holds whatever a notice's detail contains, each template names what it may render of it, and each value is rendered only
as one of a closed list, a number, a time or nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from model.enums import AlertKind, Severity
from model.notices import NoticeTemplate
from ops.errors import InputError
from store.messages import StoredNotice

LONGEST_SMS = 160
LONGEST_HEADLINE = 46
MOST_LINES = 30
LARGEST_COUNT = 99_999
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic alphabet of text messages (3GPP TS 23.038): 160 of these fit one."""

HEADLINES: Mapping[NoticeTemplate, str] = {
    NoticeTemplate.ALERT: "{severity}: {kind}",
    NoticeTemplate.ALERT_CHANGED: "an alert you were told of was {change}",
    NoticeTemplate.MORNING_LIST: "morning list: {count} to look at",
    NoticeTemplate.SHIFT_ENDING: "your shift ends: {count} still open",
    NoticeTemplate.HANDED_OVER: "handed over to you: {count}",
    NoticeTemplate.ASSIGNED: "an alert was assigned to you",
    NoticeTemplate.REVIEW_DUE: "a contested alert waits for your look",
    NoticeTemplate.OVERDUE: "an alert is overdue: {clock}",
    NoticeTemplate.VICTIM_ZONE: "a protected zone is {watch}",
    NoticeTemplate.VICTIM_TASK: "there is somebody to tell",
    NoticeTemplate.DATE_OF_BIRTH: "a date of birth was corrected",
    NoticeTemplate.BREAK_GLASS: "the glass was broken: please review",
    NoticeTemplate.EVIDENCE_CHANGED: "evidence handed on has changed",
    NoticeTemplate.TRAIL_REQUESTED: "a police request waits for you",
}
"""What a template says of one notice; the fields in braces are all that it may render."""

_CHANGES = {word: word for word in ("retracted", "upgraded", "reopened")}
_CLOCKS = {
    "acknowledge": "not acknowledged",
    "first_action": "no first action",
    "outcome": "no outcome",
}
_WATCHES = {"watched": "watched", "weakened": "weakened", "not_watched": "not watched"}


def _one_of(words: Mapping[str, str], otherwise: str) -> Callable[[object], str]:
    return lambda value: words.get(value, otherwise) if isinstance(value, str) else otherwise


def _number(value: object) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT
    return str(value) if is_number else "some"


_FIELDS: Mapping[str, Callable[[object], str]] = {
    "kind": _one_of({kind.value: kind.value.replace("_", " ") for kind in AlertKind}, "alert"),
    "change": _one_of(_CHANGES, "changed"),
    "count": _number,
    "clock": _one_of(_CLOCKS, "look at it"),
    "watch": _one_of(_WATCHES, "watched in another way"),
}
"""How each field of a notice's detail is rendered."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a service says it. ``public_url`` without a slash at its end; ``call`` is a telephone number or empty."""

    public_url: str
    call: str = ""
    time_zone: str = "Europe/London"
    headlines: Mapping[NoticeTemplate, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    body: str
    sms: str


def words_of(notices: Sequence[StoredNotice], style: Style) -> Words:
    """The message that tells all of ``notices``, of which there is at least one."""
    zone = ZoneInfo(style.time_zone)
    headline = _headline(notices[0], style) if len(notices) == 1 else _summary(notices)
    subject = f"Cordon: {headline}"
    lines = [_line(notice, style, zone) for notice in notices[:MOST_LINES]]
    if len(notices) > MOST_LINES:
        lines.append(f"and {len(notices) - MOST_LINES} more")
    closing = [f"Open: {_link(notices, style)}"]
    if style.call:
        closing.append(f"Call: {style.call}")
    body = "\n".join([f"{headline}.", "", *lines, "", *closing, ""])
    return Words(subject, body, _sms(notices, headline, style, zone))


def read_headlines(document: str) -> dict[NoticeTemplate, str]:
    """A service's own word list: TOML, a template's name and its words, which render nothing of a notice.

    Raises InputError naming every line that is wrong.
    """
    try:
        given = msgspec.toml.decode(document, type=dict[str, str])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(f"the words cannot be read: {error}") from None
    problems = []
    for name, words in given.items():
        if name not in set(NoticeTemplate):
            problems.append(f"{name}: there is no such template; there are {', '.join(NoticeTemplate)}")
        if not 0 < len(words) <= LONGEST_HEADLINE or not set(words) <= GSM_7 - {"\n", "\r"}:
            problems.append(f"{name}: give 1 to {LONGEST_HEADLINE} characters that text messages can hold")
    if problems:
        raise InputError("the words do not hold:\n" + "\n".join(problems))
    return {NoticeTemplate(name): words for name, words in given.items()}


def fields_of(template: NoticeTemplate) -> frozenset[str]:
    """What the template may render of a notice's detail."""
    return frozenset(name for name in _FIELDS if f"{{{name}}}" in HEADLINES[template])


def _headline(notice: StoredNotice, style: Style) -> str:
    own = style.headlines.get(notice.template)
    if own is not None:
        return own
    detail: dict[str, Any] = notice.detail
    rendered = {name: _FIELDS[name](detail.get(name)) for name in fields_of(notice.template)}
    return HEADLINES[notice.template].format(severity=notice.severity.value, **rendered)


def _summary(notices: Sequence[StoredNotice]) -> str:
    """Such as "3 alerts: 1 breach, 2 warnings"."""
    are_alerts = all(notice.template is NoticeTemplate.ALERT for notice in notices)
    counts = Counter(notice.severity for notice in notices)
    parts = [_counted(counts[severity], severity) for severity in Severity if counts[severity]]
    return f"{len(notices)} {'alerts' if are_alerts else 'notices'}: {', '.join(parts)}"


def _counted(count: int, severity: Severity) -> str:
    plurals = {Severity.BREACH: "breaches", Severity.WARNING: "warnings", Severity.INFORMATION: "information"}
    return f"{count} {severity.value if count == 1 else plurals[severity]}"


def _line(notice: StoredNotice, style: Style, zone: ZoneInfo) -> str:
    link = "" if notice.alert_id is None else f" {style.public_url}/alerts/{notice.alert_id}"
    return f"{_moment(notice.created_at, zone):%d %b %H:%M} {_headline(notice, style)}{link}"


def _link(notices: Sequence[StoredNotice], style: Style) -> str:
    about = {notice.alert_id for notice in notices}
    if len(about) > 1:
        return f"{style.public_url}/alerts"
    (alert_id,) = about
    return f"{style.public_url}/" if alert_id is None else f"{style.public_url}/alerts/{alert_id}"


def _sms(notices: Sequence[StoredNotice], headline: str, style: Style, zone: ZoneInfo) -> str:
    """One text message; what does not fit is left out from the end, never the headline and the link."""
    at = f" {_moment(notices[0].created_at, zone):%H:%M}"
    call = f" Call {style.call}" if style.call else ""
    link = f" {_link(notices, style)}"
    for optional in (at + call, at, ""):
        text = f"Cordon: {headline}{optional}{link}"
        if len(text) <= LONGEST_SMS:
            return text
    return text


def _moment(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone)
