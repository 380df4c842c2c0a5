"""Settings that contradict each other stop a process before it can mislead anybody."""

import pytest
from pydantic import ValidationError

from ops.settings import Settings


def test_a_tag_that_speaks_all_the_time_is_never_quiet_between_two_notes_of_it() -> None:
    Settings(heard_every_s=60, heartbeat_every_s=10, deaf_quiet_s=70)
    with pytest.raises(ValidationError, match="CORDON_DEAF_QUIET_S must be at least CORDON_HEARD_EVERY_S and"):
        Settings(heard_every_s=60, heartbeat_every_s=10, deaf_quiet_s=69)
