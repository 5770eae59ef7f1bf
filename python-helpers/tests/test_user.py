"""Who acts, in the words of receipts, proofs and the lease."""

from __future__ import annotations

import getpass
import os

import pytest

from twinstore.user import acting


def test_the_user_of_the_hub_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    assert acting() == "ada"


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    monkeypatch.setattr(getpass, "getuser", nameless)
    assert acting() == str(os.getuid())
