"""`cordon topics`."""

from typing import Annotated

import typer

from cli.kafka import broker_administration
from cli.tables import print_table
from ingest.kafka_admin import BROKERS_CLOCK, NewTopic, Topic
from model.times import DAY_US, MILLISECOND_US
from ops.errors import ConfigurationError
from ops.settings import Settings, load_settings

topics = typer.Typer(help="The Kafka topics of pings, device events, alerts and commands.", no_args_is_help=True)

DAY_MS = DAY_US // MILLISECOND_US


def register(application: typer.Typer) -> None:
    application.add_typer(topics, name="topics")


@topics.command("create")
def create(
    partitions: Annotated[
        int, typer.Option(min=1, help="Of each topic; at most this many workers share the work.")
    ] = 4,
    replication: Annotated[int, typer.Option(min=1, help="Brokers that keep each message; 3 in production.")] = 1,
    retention_days: Annotated[float, typer.Option(min=0.01, help="How long the broker keeps messages.")] = 7,
) -> None:
    """Make the topics of pings, device events, alerts and commands where they are missing, with equal partitions.

    A ping's receipt is the broker's own time, so no sender's clock can shift it. Choose the partitions well: more can
    be added only after everything that waits was judged, because a device's pings would change their partition.

    Example: CORDON_BROKER=kafka cordon topics create --partitions 12 --replication 3
    """
    settings = load_settings()
    wanted = [
        NewTopic(name, partitions, replication, configuration)
        for name, configuration in _configurations(settings, int(retention_days * DAY_MS)).items()
    ]
    with broker_administration(settings) as broker:
        found = broker.topics([topic.name for topic in wanted])
        _refuse_other_counts(found, partitions)
        missing = [topic for topic in wanted if topic.name not in found]
        if missing:
            broker.create(missing)
    for topic in wanted:
        state = "already there" if topic.name in found else "made"
        print(f"{topic.name}: {state}, {partitions} partitions")
    for name in (settings.kafka_pings_topic, settings.kafka_events_topic):
        taken_in = found.get(name)
        if taken_in is not None and taken_in.timestamp_type != BROKERS_CLOCK:
            print(
                f"warning: {name} takes each message's time from its sender ({taken_in.timestamp_type}), so a wrong"
                f" clock shifts its receipt; set message.timestamp.type={BROKERS_CLOCK} on it"
            )


@topics.command("list")
def show() -> None:
    """List these topics as the broker has them.

    Example: CORDON_BROKER=kafka cordon topics list
    """
    settings = load_settings()
    names = tuple(_configurations(settings, 0))
    with broker_administration(settings) as broker:
        found = broker.topics(names)
    print_table(
        ("TOPIC", "PARTITIONS", "REPLICATION", "MESSAGE TIME", "KEPT FOR"),
        [_row(found[name]) if name in found else (name, "missing", "", "", "") for name in names],
    )


def _configurations(settings: Settings, retention_ms: int) -> dict[str, dict[str, str]]:
    retention = {"retention.ms": str(retention_ms)}
    return {
        settings.kafka_pings_topic: {"message.timestamp.type": BROKERS_CLOCK} | retention,
        settings.kafka_events_topic: {"message.timestamp.type": BROKERS_CLOCK} | retention,
        settings.kafka_alerts_topic: retention,
        settings.kafka_commands_topic: retention,
    }


def _refuse_other_counts(found: dict[str, Topic], partitions: int) -> None:
    other = [f"{topic.name} has {topic.partitions}" for topic in found.values() if topic.partitions != partitions]
    if other:
        raise ConfigurationError(
            f"{' and '.join(other)} partitions, not {partitions}: give --partitions as it is, or stop the senders, let"
            " the workers judge all that waits, and add partitions to all of them with the broker's own tools"
        )


def _row(topic: Topic) -> tuple[str, ...]:
    kept = "for ever" if topic.retention_ms < 0 else f"{topic.retention_ms / DAY_MS:g} days"
    return (topic.name, str(topic.partitions), str(topic.replication), topic.timestamp_type, kept)
