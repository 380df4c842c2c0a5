"""What is open, overdue and uncovered, as metrics."""

from datetime import datetime, timedelta
from itertools import product

from alerts.clocks import CaseClock
from alerts.rota import GAPS_AHEAD, rota_gaps
from model.casework import CaseStatus
from model.casework_rules import CaseworkRules
from model.enums import Severity, Urgency
from ops import metrics
from store.break_glass import count_unreviewed
from store.case_counts import count_cases
from store.database import Cursor

COUNTED_EVERY = timedelta(seconds=5)


class CaseCounting:
    """A task of the duty process; now and then, because a count reads all that is open."""

    def __init__(self) -> None:
        self._counted_at: datetime | None = None

    def __call__(self, cursor: Cursor, now: datetime, _rules: CaseworkRules) -> bool:
        if self._counted_at is not None and now < self._counted_at + COUNTED_EVERY:
            return False
        self._counted_at = now
        counts = count_cases(cursor)
        for status in CaseStatus:
            if status.is_open:
                metrics.CASES_OPEN.labels(status.value).set(counts.open.get(status.value, 0))
        for clock in CaseClock:
            metrics.CLOCKS_OVERDUE.labels(clock.value).set(counts.overdue.get(clock.value, 0))
        for severity, urgency in product(Severity, Urgency):
            raised_at = counts.oldest_unacknowledged.get((severity.value, urgency.value), now)
            age_s = (now - raised_at).total_seconds()
            metrics.OLDEST_UNACKNOWLEDGED_SECONDS.labels(severity.value, urgency.value).set(max(age_s, 0))
        glass = count_unreviewed(cursor)
        metrics.GLASS_UNREVIEWED.set(glass.count)
        metrics.GLASS_UNREVIEWED_SECONDS.set((now - (glass.oldest_at or now)).total_seconds())
        metrics.CASES_UNASSIGNED.set(counts.unassigned)
        for role, missing in rota_gaps(cursor, now, now + GAPS_AHEAD).items():
            gap_s = sum((ends_at - starts_at).total_seconds() for starts_at, ends_at in missing)
            metrics.ROTA_GAP_SECONDS.labels(role.value).set(gap_s)
        return False
