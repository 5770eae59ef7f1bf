"""A model of the write protocol, small enough to run through thousands of histories of writers that get in each other's
way.

A history is a table, a handful of writers and whatever else happens to a table, interleaved step by step by a seeded
scheduler. At its end every row online must be the latest row of the head snapshot. Each safeguard of the protocol is a
switch (`safeguards.py`), and taking any one away makes histories diverge. From `python-helpers`:

    python -m tests.model                                   the table of safeguards and divergent histories
    python -m tests.model --replay SEED [--without NAME]    one history, told step by step

`delta.py` is the offline store, `foreign.py` what others commit to it, `cql.py` the online store; `writer.py` and
`gap.py` are the protocol, named as in the library; `history.py` is the scheduler, and `verdict.py` compares the stores
by a rule of its own.
"""
