"""What the broker holds and how its topics are set up: for the administration commands."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import BrokerResponseError, KafkaError

from ops.broker import PLAIN
from ops.errors import ConfigurationError, UnavailableError

CONNECT_WITHIN_MS = 10_000
BROKERS_CLOCK = "LogAppendTime"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the broker has it."""

    name: str
    partitions: int
    replication: int
    timestamp_type: str  # whose clock a message's time is: BROKERS_CLOCK, or CreateTime for its sender's
    retention_ms: int  # -1: for ever


@dataclass(frozen=True, slots=True)
class NewTopic:
    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str]


class KafkaAdministration:
    """Every method raises UnavailableError when the broker does not answer."""

    def __init__(self, bootstrap_servers: str, security: Mapping[str, Any] = PLAIN) -> None:
        with _as_our_errors():
            self._admin = KafkaAdminClient(
                bootstrap_servers=bootstrap_servers.split(","), bootstrap_timeout_ms=CONNECT_WITHIN_MS, **security
            )

    def close(self) -> None:
        self._admin.close()

    def topics(self, names: Sequence[str]) -> dict[str, Topic]:
        """Those of ``names`` that exist."""
        with _as_our_errors():
            found = [topic for topic in self._admin.describe_topics(list(names)) if topic["error_code"] == 0]
            if not found:
                return {}
            wanted = {"message.timestamp.type": None, "retention.ms": None}
            resources = [ConfigResource(ConfigResourceType.TOPIC, topic["name"], wanted) for topic in found]
            settings = self._admin.describe_configs(resources, config_filter="all")["topic"]
        return {
            topic["name"]: Topic(
                name=topic["name"],
                partitions=len(topic["partitions"]),
                replication=len(topic["partitions"][0]["replica_nodes"]),
                timestamp_type=settings[topic["name"]]["message.timestamp.type"]["value"],
                retention_ms=int(settings[topic["name"]]["retention.ms"]["value"]),
            )
            for topic in found
        }

    def create(self, topics: Sequence[NewTopic]) -> None:
        """Make the topics, and return once every partition has a leader. ConfigurationError when the broker refuses."""
        wanted = {
            topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": topic.replication,
                "configs": dict(topic.settings),
            }
            for topic in topics
        }
        with _as_our_errors():
            answer = self._admin.create_topics(wanted, raise_errors=False)
            refused = [f"{one['name']}: {one['error_message']}" for one in answer["topics"] if one["error_code"]]
            if refused:
                raise ConfigurationError("the broker refuses to make " + "; ".join(refused))
            self._admin.wait_for_topics(list(wanted))

    def held_offsets(self, topic: str) -> dict[int, tuple[int, int]]:
        """(first offset, offset behind the last) of each partition; empty when there is no such topic."""
        with _as_our_errors():
            described = self._admin.describe_topics([topic])[0]
            places = [TopicPartition(topic, one["partition_index"]) for one in described["partitions"]]
            if not places:
                return {}
            first = self._admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
            end = self._admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
        return {place.partition: (first[place].offset, end[place].offset) for place in places}


@contextmanager
def _as_our_errors() -> Iterator[None]:
    try:
        yield
    except BrokerResponseError as error:
        raise ConfigurationError(f"the Kafka broker refuses: {error}") from None
    except KafkaError as error:
        raise UnavailableError(f"the Kafka broker does not answer: {error}") from None
