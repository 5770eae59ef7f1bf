"""The lease on a real store: trusted for a while, given back, and not waited for longer than is wanted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from twinstore.config import Settings
from twinstore.cql import Cql
from twinstore.errors import TwinstoreError
from twinstore.lease import TRUST_S, Lease
from twinstore.progress import silent

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def go_on(step: str) -> None:
    """Who is asked during the wait, and lets it go on."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def cql(spark: SparkSession, settings: Settings) -> Cql:
    return Cql(spark, settings.online)


@pytest.fixture
def lease(cql: Cql, clock: Clock) -> Iterator[Lease]:
    """That of a place that nobody else writes."""
    location = f"s3a://features/{uuid.uuid4().hex}"
    yield Lease(cql, "feature_store", location, "ada", sleep=lambda _: None, clock=clock)
    cql.execute(f"DELETE FROM feature_store.twinstore_lease WHERE location = '{location}'")


def test_a_lease_is_given_back_after_work_that_ended_or_failed(lease: Lease) -> None:
    with lease.held("r1", silent, go_on):
        assert lease.holder() == "ada"
        lease.check()
    assert lease.holder() is None
    with pytest.raises(ZeroDivisionError), lease.held("r2", silent, go_on):
        _ = 1 // 0
    assert lease.holder() is None


def test_a_lease_is_kept_until_it_expires_when_an_interrupt_leaves_a_commit_behind(lease: Lease) -> None:
    with pytest.raises(KeyboardInterrupt), lease.held("r1", silent, go_on):
        raise KeyboardInterrupt
    assert lease.holder() == "ada"


def test_a_lease_that_was_not_renewed_for_long_is_not_trusted(lease: Lease, clock: Clock) -> None:
    with lease.held("r1", silent, go_on):
        clock.now += TRUST_S
        lease.check()
        clock.now += 1
        with pytest.raises(TwinstoreError, match="was lost before a commit"):
            lease.check()


def test_the_wait_for_a_lease_can_be_stopped(lease: Lease) -> None:
    steps: list[str] = []

    def stop(step: str) -> None:
        steps.append(step)
        if len(steps) == 2:
            raise InterruptedError

    with lease.held("r1", silent, go_on), pytest.raises(InterruptedError), lease.held("r2", silent, stop):
        pytest.fail("two hold it")
    assert steps == ["lease", "lease"]
