"""Numbers that differ from run to run, in expressions that do not."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as sf


def varying(value: int) -> Column:
    """`value` as bigint, handed to the code that Spark generates.

    A literal is written into that code, so that another value is another class to compile, which takes longer than to
    run it on a day's rows. Nothing is skipped by such a value: where a bound decides which files are read, it is to be
    a literal.
    """
    # A fold over nothing gives what it begins with; Spark evaluates it, and neither folds it nor writes it out.
    return sf.aggregate(sf.array(), sf.lit(value).cast("bigint"), lambda kept, _: kept)
