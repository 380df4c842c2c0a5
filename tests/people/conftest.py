"""The API of tests/api, for what is asked through it here."""

from tests.api.conftest import api, fresh_api

__all__ = ["api", "fresh_api"]
