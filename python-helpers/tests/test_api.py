"""The API reference is what the docstrings say."""

from __future__ import annotations

from .make_api import TARGET, api


def test_the_reference_is_that_of_this_version() -> None:
    assert TARGET.read_text(encoding="utf-8") == api(), "Run `python -m tests.make_api` in python-helpers."
