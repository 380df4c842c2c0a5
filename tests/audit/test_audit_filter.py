"""What an auditor may ask for."""

from datetime import UTC, datetime

import pytest

from ops.errors import InputError
from store.audit_reads import AuditFilter

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize("to_time", [NOON, NOON.replace(hour=11)])
def test_a_window_that_ends_before_it_begins_is_refused_and_not_answered_with_nothing(to_time: datetime) -> None:
    with pytest.raises(InputError, match="ends before it begins"):
        AuditFilter(NOON, to_time)
