"""What the commits of a gap say together."""

from __future__ import annotations

import pytest

from twinstore.delta_log import Commit
from twinstore.gap import Changes
from twinstore.receipts import Gap

OURS = Commit(1, "WRITE", run_id="r", added=("a",), ours=True)


@pytest.mark.parametrize(
    ("other", "foreign"),
    [
        (Commit(2, "UPDATE", added=("b",), removes=True), 1),
        (Commit(2, "WRITE", added=("b",)), 1),
        (Commit(2, "DELETE", added=("b",), removes=True), 0),
        (Commit(2, "OPTIMIZE"), 0),
        (Commit(2, "STREAMING UPDATE", ours=True, added=("b",)), 0),
    ],
)
def test_commits_of_others_that_wrote_rows_anew_are_counted(other: Commit, foreign: int) -> None:
    assert Changes(Gap(0, 2), (OURS, other), every_key=False).foreign == foreign


def test_a_log_that_lacks_commits_does_not_tell_what_others_did() -> None:
    assert Changes(Gap(0, 3), (OURS,), every_key=True).foreign is None
