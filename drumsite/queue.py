"""The message broker: Redis where ``REDIS_URL`` names one, else this process's memory.

A stage guards itself (lease, attempts, time limit in its own child process), so none of Dramatiq's
middleware for retries and time limits is used; see docs/adr/0003.
"""

from __future__ import annotations

import dramatiq
from django.conf import settings
from django.db import close_old_connections
from dramatiq import Broker, Message, Middleware
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker

# A worker that has not been heard of for this long has died; its messages go to others.
HEARTBEAT_TIMEOUT_MS = 60_000
# Dramatiq looks for dead workers in this many of a million commands; its default (0.1 %) takes many minutes.
MAINTENANCE_CHANCE = 100_000


class DatabaseConnections(Middleware):
    """Drops database connections that have gone stale between messages."""

    def before_process_message(self, broker: Broker, message: Message) -> None:  # type: ignore[type-arg]
        """Start each message on a working connection."""
        close_old_connections()

    def after_process_message(self, broker: Broker, message: Message, *, result=None, exception=None) -> None:  # type: ignore[no-untyped-def, type-arg]
        """Give back a connection that has outlived its age."""
        close_old_connections()


def set_up_broker() -> None:
    """Make the broker that the settings ask for and declare it to Dramatiq."""
    middleware = [DatabaseConnections()]
    if settings.REDIS_URL:
        broker: Broker = RedisBroker(
            url=settings.REDIS_URL,
            namespace=settings.QUEUE_NAMESPACE,
            heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
            maintenance_chance=MAINTENANCE_CHANCE,
            middleware=middleware,
        )
    else:
        broker = StubBroker(middleware=middleware)
    dramatiq.set_broker(broker)
