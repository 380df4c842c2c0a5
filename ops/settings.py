"""Every setting of the service, in one table. docs/operations.md lists them, and a test fails where it misses one."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from crimes.files.forces import Force, force_of
from crimes.files.row_errors import Fault
from model.crimes import MatchingSettings
from model.zones import Region
from ops.audit_settings import AuditSettings
from ops.broker_settings import BrokerSettings
from ops.database_url import DatabaseTls, complete_url
from ops.errors import ConfigurationError
from ops.protection_settings import ProtectionSettings
from ops.setting_sources import PREFIX, SecretFiles, refuse_unknown, variables_of
from ops.sign_in_settings import SignInSettings
from ops.watch_settings import WatchSettings

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class Settings(BrokerSettings, SignInSettings, ProtectionSettings, AuditSettings, WatchSettings):
    """Read from the environment (``CORDON_`` and the field's name) once, at start; secrets are never logged."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    database_owner_url: SecretStr = Field(
        default=SecretStr(""),
        description="PostgreSQL URL of the owner: migrations and administration commands",
    )
    database_worker_url: SecretStr = Field(
        default=SecretStr(""), description="PostgreSQL URL of a login in the role cordon_worker"
    )
    database_api_url: SecretStr = Field(
        default=SecretStr(""), description="PostgreSQL URL of a login in the role cordon_api"
    )
    database_keeper_url: SecretStr = Field(
        default=SecretStr(""), description="PostgreSQL URL of a login in the role cordon_keeper: `cordon retention run`"
    )
    database_password: SecretStr = Field(
        default=SecretStr(""), description="password of whichever of these logins, where its URL holds none"
    )
    database_tls: DatabaseTls = Field(
        default="verify-full",
        description="the database's certificate is checked against its name, unless it is on this machine; off for a"
        " network that is the database's own",
    )
    database_ca_file: str = Field(
        default="", description="PEM file of the authorities that sign that certificate; empty: the system's"
    )
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = Field(
        default=10, description="connections of one API process; requests beyond it wait"
    )

    worker_batch_size: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=10_000, description="messages a worker takes at once"
    )
    worker_health_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=9102, description="port of the worker's /health and /metrics; 0 picks a free one"
    )
    worker_health_host: str = Field(default="127.0.0.1", description="address of the worker's /health and /metrics")
    deliver_health_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=9103, description="port of the deliverer's /health and /metrics; 0 picks a free one"
    )
    deliver_health_host: str = Field(default="127.0.0.1", description="address of the deliverer's /health and /metrics")
    watch_health_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=9104, description="port of the watch's /health and /metrics; 0 picks a free one"
    )
    watch_health_host: str = Field(default="127.0.0.1", description="address of the watch's /health and /metrics")
    lock_timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = Field(
        default=3000,
        description="wait for a partition that a frozen worker holds before its session is ended",
    )
    message_max_bytes: Annotated[int, Field(ge=1024, le=100_000_000)] = Field(
        default=1_000_000, description="a larger message becomes a dead letter"
    )

    centre_lat: Latitude = Field(default=51.5, description="centre of the deployment's plane of metres")
    centre_lon: Longitude = Field(default=-0.1, description="centre of the deployment's plane of metres")
    region_lat_min: Latitude = Field(default=49.0, description="region served; outside it a position is flagged")
    region_lat_max: Latitude = Field(default=61.0, description="region served")
    region_lon_min: Longitude = Field(default=-9.0, description="region served")
    region_lon_max: Longitude = Field(default=2.5, description="region served")
    fix_max_age_days: Annotated[float, Field(gt=0, le=40_000)] = Field(
        default=400, description="a fix older than this at its receipt is quarantined"
    )
    fix_max_future_s: Annotated[float, Field(ge=0, le=86_400)] = Field(
        default=300, description="a fix further in the future than this at its receipt is quarantined"
    )
    implied_speed_limit_mps: Annotated[float, Field(gt=0)] = Field(
        default=90, description="a faster move between two positions is flagged (90 m/s: 324 km/h)"
    )
    poor_accuracy_m: Annotated[float, Field(gt=0)] = Field(
        default=150, description="a position whose stated accuracy is worse is flagged"
    )
    map_ways_file: str = Field(
        default="",
        description="GeoJSON of main roads and railways that a rehearsal warns of: lines with the properties `kind`"
        " (`main_road` or `railway`) and `name`; read once",
    )

    match_radius_m: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=100, description="of the circle about a crime in which positions count"
    )
    match_padding_s: Annotated[float, Field(ge=0, le=7200)] = Field(
        default=600, description="time before and after a crime's window in which positions count"
    )
    match_least_overlap: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5, description="part of a position's confidence circle within the crime's circle from which it counts"
    )
    match_least_positions: Annotated[int, Field(ge=1, le=100)] = Field(
        default=2, description="positions that count from which a wearer is present"
    )
    match_plausible_speed_mps: Annotated[float, Field(ge=1, le=300)] = Field(
        default=35, description="no journey between two positions is thought faster (35 m/s: 126 km/h)"
    )
    match_near_m: Annotated[float, Field(ge=0, le=1500)] = Field(
        default=1000,
        description="of the wearers ruled out, those who came so near to the crime are reported one by one",
    )
    match_every_s: Annotated[float, Field(ge=0.05, le=60)] = Field(
        default=1, description="time between two looks at what is to be matched"
    )
    match_health_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=9105, description="port of the matcher's /health and /metrics; 0 picks a free one"
    )
    match_health_host: str = Field(default="127.0.0.1", description="address of the matcher's /health and /metrics")

    duty_every_s: Annotated[float, Field(ge=0.05, le=10)] = Field(
        default=1, description="time between two looks at who is to be told of an alert"
    )
    duty_health_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=9106, description="port of the duty process's /health and /metrics; 0 picks a free one"
    )
    duty_health_host: str = Field(default="127.0.0.1", description="address of the duty process's /health and /metrics")

    search_radius_max_m: Annotated[float, Field(gt=0, le=500)] = Field(
        default=500, description="largest radius of a search of who was at a place; the database takes at most 500"
    )
    search_window_max_h: Annotated[float, Field(gt=0, le=12)] = Field(
        default=12, description="longest window of such a search in hours; the database takes no longer than 12"
    )
    police_questions_max: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=100,
        description="how many eliminations, searches and requests for trails one police analyst asks in 24 hours",
    )
    crime_folder: str = Field(
        default="", description="folder from which `cordon match` imports police files; empty: from none"
    )
    crime_file_max_bytes: Annotated[int, Field(ge=1024, le=1_000_000_000)] = Field(
        default=200_000_000, description="a larger police file is refused, whichever way it comes"
    )
    crime_local_time_forces: str = Field(
        default="",
        description="police forces, separated by commas, whose files give times of Europe/London; those of the others"
        " are UTC",
    )
    evidence_key_file: str = Field(
        default="",
        description="file with the private key that evidence bundles are signed with, made by `cordon evidence key`;"
        " without it none is issued",
    )
    evidence_templates: str = Field(
        default="",
        description="folder with a service's own `report.typ` (layout) and `statement.txt` of evidence reports; for a"
        " file that is not there, the default",
    )

    api_host: str = Field(default="127.0.0.1", description="address the API listens on")
    api_port: Annotated[int, Field(ge=0, le=65535)] = Field(default=8080, description="port the API listens on")
    request_max_bytes: Annotated[int, Field(ge=1024, le=100_000_000)] = Field(
        default=5_000_000, description="a larger request body is refused with 413"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="least level logged")
    log_format: Literal["json", "text"] = Field(default="json", description="one JSON object a line, or text")
    retention_rules_file: str = Field(
        default="", description="TOML file that says how long each kind of data is kept; empty: the program's own rules"
    )
    data_folder: Path = Field(
        default=Path(".cordon"), description="where the embedded database of `cordon demo` keeps its data"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the base class's own arguments
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SecretFiles(settings_cls)

    @model_validator(mode="after")
    def _region_is_a_box(self) -> Self:
        if self.region_lat_min >= self.region_lat_max or self.region_lon_min >= self.region_lon_max:
            raise ValueError(
                "the region is empty: give CORDON_REGION_LAT_MIN below CORDON_REGION_LAT_MAX, and so for LON"
            )
        return self

    @model_validator(mode="after")
    def _forces_are_known(self) -> Self:
        unknown = [name for name in self._named_forces() if isinstance(force_of(name), Fault)]
        if unknown:
            raise ValueError(f"CORDON_CRIME_LOCAL_TIME_FORCES: there is no police force {', '.join(unknown)}")
        return self

    @cached_property
    def region(self) -> Region:
        return (self.region_lat_min, self.region_lon_min, self.region_lat_max, self.region_lon_max)

    @cached_property
    def matching(self) -> MatchingSettings:
        return MatchingSettings(
            radius_m=self.match_radius_m,
            padding_s=self.match_padding_s,
            least_overlap=self.match_least_overlap,
            least_positions=self.match_least_positions,
            plausible_speed_mps=self.match_plausible_speed_mps,
            near_m=self.match_near_m,
        )

    @cached_property
    def local_time_forces(self) -> frozenset[str]:
        """Their identifiers."""
        return frozenset(force.identifier for force in map(force_of, self._named_forces()) if isinstance(force, Force))

    def _named_forces(self) -> list[str]:
        return [name.strip() for name in self.crime_local_time_forces.split(",") if name.strip()]

    def require_database_url(self, role: Literal["owner", "worker", "api", "sealer", "keeper"]) -> str:
        """The URL for ``role``, with its password and TLS; ConfigurationError when it is not set, or not safe."""
        variable = f"CORDON_DATABASE_{role.upper()}_URL"
        secret: SecretStr = getattr(self, f"database_{role}_url")
        if not secret.get_secret_value():
            raise ConfigurationError(
                f"{variable} is not set: give the PostgreSQL URL, "
                "such as postgresql://user@host:5432/cordon (docs/operations.md lists every setting)"
            )
        password = self.database_password.get_secret_value()
        return complete_url(variable, secret.get_secret_value(), password, self.database_tls, self.database_ca_file)


def load_settings() -> Settings:
    """The settings of the environment; ConfigurationError names each wrong one without showing a secret."""
    refuse_unknown(variables_of(Settings.model_fields))
    try:
        return Settings()
    except SettingsError as error:  # its cause quotes the value
        raise ConfigurationError(f"the settings are wrong: a value is no JSON: {error}") from None
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in problem["loc"])
            words = problem["msg"].removeprefix("Value error, ")
            lines.append(f"CORDON_{name.upper()}: {words}" if name else words)
        raise ConfigurationError("the settings are wrong:\n" + "\n".join(lines)) from None
