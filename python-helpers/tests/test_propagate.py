"""What a write online that failed midway may claim to have written."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from twinstore.config import load_settings
from twinstore.fate import Tally
from twinstore.progress import silent
from twinstore.propagate import Propagation
from twinstore.stages import Stages
from twinstore.twins import Twins

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def fail_with_rows(rows: Iterable[int]) -> Iterable[Any]:
    """A task that fails when it has anything to write."""
    for row in rows:
        raise OSError(row)
    yield from ()


def test_tasks_that_had_no_row_and_jobs_before_confirm_nothing(
    spark: SparkSession, local_settings: dict[str, Any]
) -> None:
    stages = Stages(spark, silent)
    twins = cast(Twins, SimpleNamespace(spark=spark, definition=None))
    propagation = Propagation(twins, load_settings(local_settings), stages, lambda step: None, lambda: None)
    fates = Tally(alive=5, expired=0, failed=0, alive_by_partition=(5,), tied=0)
    one_of_four = spark.sparkContext.parallelize(range(4), 4).filter(lambda n: n == 3)
    with stages.stage("online"):
        # As the deletes, which go before.
        assert one_of_four.count() == 1
        before = propagation._jobs()
        assert propagation._confirmed(fates, propagation._jobs() - before) == 0
        with pytest.raises(Exception, match="OSError"):
            one_of_four.mapPartitions(fail_with_rows).count()
        assert propagation._confirmed(fates, propagation._jobs() - before) == 0

        before = propagation._jobs()
        assert one_of_four.count() == 1
        assert propagation._confirmed(fates, propagation._jobs() - before) == 5
