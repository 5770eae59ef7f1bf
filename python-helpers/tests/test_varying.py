from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as sf

from twinstore.varying import varying

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

_WHOLE_STAGE, _FACTORY = "spark.sql.codegen.wholeStage", "spark.sql.codegen.factoryMode"


@pytest.fixture
def generating(spark: SparkSession) -> Iterator[SparkSession]:
    """A session that generates code, as users' do."""
    before = {name: spark.conf.get(name) for name in (_WHOLE_STAGE, _FACTORY)}
    spark.conf.set(_WHOLE_STAGE, "true")
    spark.conf.set(_FACTORY, "FALLBACK")
    try:
        yield spark
    finally:
        for name, value in before.items():
            spark.conf.set(name, str(value))


def _code(spark: SparkSession, value: Column) -> str:
    """What Spark generates for a condition and a column of this value."""
    rows = spark.range(10).where(sf.col("id") < value).select("id", value.alias("value"))
    generated: Any = spark._jvm.PythonSQLUtils.explainString(rows._jdf.queryExecution(), "codegen")  # type: ignore[union-attr]
    return str(generated)[str(generated).index("/* 001 */") :]


def test_another_value_is_not_another_code(generating: SparkSession) -> None:
    assert _code(generating, varying(123_456)) == _code(generating, varying(654_321))
    assert _code(generating, sf.lit(123_456)) != _code(generating, sf.lit(654_321))


@pytest.mark.parametrize("value", [0, -1, 2**63 - 1, -(2**63)])
def test_it_is_the_value(generating: SparkSession, value: int) -> None:
    rows = generating.range(2).select(varying(value).alias("value"))
    assert rows.schema["value"].dataType.simpleString() == "bigint"
    assert [row.value for row in rows.collect()] == [value, value]
