"""What the geofence tests share."""

import os
from pathlib import Path

import pytest

from geofence.projection import Projection
from tests.geofence.examples import PROJECTION


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input that is too large for the repository: a visible skip without it, in CI a failure."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data"
    if not folder.is_dir():
        reason = f"the shared data are not in {folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def projection() -> Projection:
    return PROJECTION
