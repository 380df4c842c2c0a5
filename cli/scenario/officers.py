"""Officers at their desks: what they do, they do by requests to the API, with their own token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from cli.scenario.asking import Answer, Asking
from cli.scenario.telling import Teller
from ops.errors import UnavailableError

MOST_OF_A_PAGE = 500


@dataclass(frozen=True, slots=True)
class Officer:
    subject: str
    asking: Asking
    teller: Teller

    def open_alerts(self, **filters: str) -> list[Mapping[str, Any]]:
        """Those that are still to be worked and theirs to see, the oldest first."""
        query = "&".join(f"{name}={value}" for name, value in {"to_do": "true", **filters}.items())
        answer = self.asking.done("GET", f"/v1/alerts?limit={MOST_OF_A_PAGE}&{query}")
        return list(reversed(answer.body["alerts"]))

    def caseload(self) -> dict[str, int]:
        """The people whom they may see: ids by CRN."""
        people = self.asking.done("GET", f"/v1/people?limit={MOST_OF_A_PAGE}").body["people"]
        return {person["crn"]: person["person_id"] for person in people}

    def etag(self, alert_id: str) -> str:
        """As the alert is read, which is a receipt of every message about it."""
        return self.asking.done("GET", f"/v1/alerts/{alert_id}").headers["etag"]

    def do(self, at: datetime, alert_id: str, action: str, etag: str | None = None, **detail: str) -> Answer:
        """One action, and the line about it; a refusal is told too."""
        answer = self._act(alert_id, action, etag or self.etag(alert_id), **detail)
        about = self.teller.name(alert_id)
        outcome = f" as {detail['outcome']}" if "outcome" in detail else ""
        if answer.status == HTTPStatus.OK:
            self.teller.say(at, self.subject, f"{action} {about}{outcome}")
        else:
            since = ", ".join(f"{one['by']}: {one['action']}" for one in answer.body.get("actions", []))
            why = f"; since: {since}" if since else ""
            self.teller.say(at, self.subject, f"{action} {about}: {answer.status} {answer.body['detail']}{why}")
        return answer

    def take(self, at: datetime, alert: Mapping[str, Any]) -> None:
        """Make it theirs as they read it in the list, and acknowledge it."""
        self.do_silently(alert, "assign", to=self.subject)
        self.do(at, alert["alert_id"], "acknowledge")

    def do_silently(self, alert: Mapping[str, Any], action: str, **detail: str) -> None:
        """One of many actions, about which one line is said together. Raises UnavailableError on a refusal."""
        answer = self._act(alert["alert_id"], action, alert["case"]["etag"], **detail)
        if answer.status != HTTPStatus.OK:
            raise UnavailableError(f"{action} was answered {answer.status}: {answer.body}")

    def close_together(self, at: datetime, alerts: Sequence[Mapping[str, Any]], outcome: str, text: str) -> None:
        """All of them with one outcome and one note, or none."""
        body = {
            "alerts": [{"alert_id": one["alert_id"], "etag": one["case"]["etag"]} for one in alerts],
            "outcome": outcome,
            "text": text,
        }
        answer = self.asking.done("POST", "/v1/alerts/closures", body)
        self.teller.say(at, self.subject, f"closed {len(answer.body['closed'])} alerts together as {outcome}")

    def _act(self, alert_id: str, action: str, etag: str, **detail: str) -> Answer:
        path, body = f"/v1/alerts/{alert_id}/actions", {"action": action, **detail}
        return self.asking.ask("POST", path, body, If_Match=etag)
