"""What Python asks of the JVM is asked once."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

from twinstore.java import elements, keep_lookups


def test_a_name_that_is_kept_is_not_asked_for_again(spark: SparkSession) -> None:
    keep_lookups(spark)
    view = spark._jvm
    assert view is not None
    kept = vars(view)["functions"]
    keep_lookups(spark)
    assert vars(view)["functions"] is kept
    assert spark.range(3).select(sf.sum("id")).first() == (3,)


def test_the_elements_of_a_java_iterator_come_in_order_to_its_end(spark: SparkSession) -> None:
    jvm = spark._jvm
    assert jvm is not None
    found = jvm.java.util.ArrayList()
    assert list(elements(found.iterator())) == []
    for number in (3, 1, 2):
        found.add(number)
    assert list(elements(found.iterator())) == [3, 1, 2]
