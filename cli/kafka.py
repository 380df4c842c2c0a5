"""The broker of the settings, for the administration commands."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from ingest.kafka_admin import KafkaAdministration
from ops.errors import ConfigurationError
from ops.settings import Settings


@contextmanager
def broker_administration(settings: Settings) -> Iterator[KafkaAdministration]:
    """Raises ConfigurationError where the settings name no broker."""
    if settings.broker != "kafka":
        raise ConfigurationError(
            "this needs Kafka: set CORDON_BROKER=kafka and CORDON_KAFKA_BOOTSTRAP_SERVERS, such as localhost:9092"
        )
    with closing(KafkaAdministration(settings.kafka_bootstrap_servers, settings.kafka_security)) as administration:
        yield administration
