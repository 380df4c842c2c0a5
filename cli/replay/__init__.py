"""`cordon replay`: a recorded track goes in as if its tag were speaking."""

from cli.replay.command import register

__all__ = ["register"]
