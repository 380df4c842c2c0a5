"""What came of alerts, counted: how often detection was right is measured by these."""

from dataclasses import dataclass
from datetime import date

from model.enums import AlertKind


@dataclass(frozen=True, slots=True)
class JudgedAlerts:
    """Alerts of one kind, one preset of zone and one month, by what became of them.

    ``alerts`` is the sum of those that are still open, retracted, and closed in one of the four ways; the last three
    counts are of any of them.
    """

    kind: AlertKind
    preset: str | None  # of the zone's policy; None for what a device says
    raised_month: date  # its first day; months are UTC
    alerts: int
    still_open: int
    retracted: int  # by late data
    breach: int
    allowed: int  # not a breach, and detection was right: authorised, an emergency
    false_alarm: int  # not a breach, and detection was wrong: drift, a device's fault, a zone drawn wrong
    not_counted: int
    reopened: int
    contested: int
    overturned: int  # contested, and then closed otherwise
