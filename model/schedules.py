"""Placeholder until the branch of schedules is merged."""


class Schedule:
    """Hours of a zone."""
