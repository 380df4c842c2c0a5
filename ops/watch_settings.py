"""Settings of the watch: when a tag is silent, without a fix or out of battery, and when nobody is heard at all."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings


class WatchSettings(BaseSettings):
    """Part of ``ops.settings.Settings``; never read alone."""

    watch_every_s: Annotated[float, Field(ge=0.05, le=60)] = Field(
        default=2, description="time between two looks at silence, device events and the intake"
    )
    heartbeat_every_s: Annotated[float, Field(ge=0.1, le=60)] = Field(
        default=10, description="time between two heartbeats through the intake"
    )
    heard_every_s: Annotated[float, Field(ge=0, le=600)] = Field(
        default=60, description="least time between two notes of when a device was heard"
    )
    deaf_after_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=60, description="without a heartbeat for this long, the intake is deaf and timers of silence wait"
    )
    deaf_quiet_s: Annotated[float, Field(gt=0)] = Field(
        default=300, description="with nothing heard from any tag for this long, the intake is deaf too"
    )
    deaf_min_tags: Annotated[int, Field(ge=1)] = Field(
        default=20, description="worn tags from which CORDON_DEAF_QUIET_S counts; fewer may all be silent at once"
    )
    no_communication_s: Annotated[float, Field(gt=0)] = Field(
        default=1800, description="a tag that says nothing for this long raises no_communication"
    )
    no_fix_s: Annotated[float, Field(gt=0)] = Field(
        default=3600, description="a tag that communicates without a fix for this long raises no_fix"
    )
    battery_low_pct: Annotated[float, Field(gt=0, lt=100)] = Field(
        default=20, description="a battery at or below this is low: the wearer is told"
    )
    battery_critical_pct: Annotated[float, Field(ge=0, lt=100)] = Field(
        default=5, description="a battery at or below this raises battery_critical at once"
    )
    battery_uncharged_s: Annotated[float, Field(gt=0)] = Field(
        default=7200, description="a low battery that is not charged for this long reaches staff"
    )

    @model_validator(mode="after")
    def _silence_is_told_from_deafness(self) -> Self:
        if self.heartbeat_every_s * 2 > self.deaf_after_s:
            raise ValueError("CORDON_DEAF_AFTER_S must be at least twice CORDON_HEARTBEAT_EVERY_S")
        if self.deaf_quiet_s < self.heard_every_s + self.heartbeat_every_s:
            raise ValueError(
                "CORDON_DEAF_QUIET_S must be at least CORDON_HEARD_EVERY_S and CORDON_HEARTBEAT_EVERY_S together: else"
                " a tag that speaks all the time seems quiet between two notes of it"
            )
        if self.deaf_quiet_s >= self.no_communication_s:
            raise ValueError(
                "CORDON_DEAF_QUIET_S must be below CORDON_NO_COMMUNICATION_S: else every wearer is called silent before"
                " it is seen that nobody is heard"
            )
        if self.battery_critical_pct >= self.battery_low_pct:
            raise ValueError("CORDON_BATTERY_CRITICAL_PCT must be below CORDON_BATTERY_LOW_PCT")
        return self
