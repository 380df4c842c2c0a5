"""The lines of the scenario: who was told what, when and by which channel, and what they did."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from cli.scenario.receivers import Arrived
from store.scenario import AlertTold

SERVICE = "cordon"
_LINK = re.compile(r"\s*https?://\S+")


@dataclass(slots=True)
class Teller:
    """Keeps the lines in the order in which things happened. Alerts go by numbers, in the order of their raising."""

    time_zone: ZoneInfo
    subjects: dict[str, str]  # by e-mail address and mobile number
    lines: list[str] = field(default_factory=list)
    told: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By alert: who was told of it and by which channel, in this order, each once."""
    _alerts: dict[str, tuple[int, str]] = field(default_factory=dict)  # by id: number, and of whom

    def say(self, at: datetime, who: str, what: str) -> None:
        local = at.astimezone(self.time_zone)
        self.lines.append(f"{local:%a %H:%M:%S}  {who:<12}  {what}")

    def change(self, told: AlertTold) -> None:
        """A change of an alert that the service made."""
        if told.alert_id not in self._alerts:
            self._alerts[told.alert_id] = len(self._alerts) + 1, told.crn or "nobody's"
        about = " ".join(part for part in (told.kind, told.zone_reference) if part)
        match told.change:
            case "raised":
                self.say(told.happened_at, SERVICE, f"raised {self.name(told.alert_id)}: {told.severity}, {about}")
            case "retracted" | "upgraded" | "reopened":
                self.say(told.happened_at, SERVICE, f"{told.change} {self.name(told.alert_id)}: {about}")
            case "worked" if told.acted_by == SERVICE and told.action == "hand_over":
                words = f"handed {self.name(told.alert_id)} over to {told.assigned_to}"
                self.say(told.happened_at, SERVICE, words)

    def message(self, at: datetime, arrived: Arrived, alert_ids: Sequence[str]) -> None:
        """An e-mail or text message, as it arrived, and which alerts it tells of."""
        words = _LINK.sub("", arrived.subject or arrived.body.partition("\n")[0]).strip().removeprefix("Cordon: ")
        about = ", ".join(self.name(alert_id) for alert_id in alert_ids)
        who = self.subjects[arrived.address]
        for alert_id in alert_ids:
            if (way := f"{who} by {arrived.channel}") not in self.told[alert_id]:
                self.told[alert_id].append(way)
        self.say(at, who, f"told by {arrived.channel}: {words}{about and f' [{about}]'}")

    def name(self, alert_id: str) -> str:
        number, whose = self._alerts[alert_id]
        return f"alert {number:02d} of {whose}"

    @property
    def alerts(self) -> Sequence[str]:
        return list(self._alerts)
