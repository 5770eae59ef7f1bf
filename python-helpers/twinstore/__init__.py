"""One DataFrame, two stores, one verdict: Delta Lake offline, Cassandra online, and the proof that they agree.

Nothing is loaded before it is used, so that the package can be imported where PySpark or Jupyter is missing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import TwinstoreError, Unsupported, WriteUnconfirmed
    from .feature_group import FeatureGroup
    from .receipts import Receipt
    from .session import spark_session
    from .store import Store, connect

_HOME = {
    "FeatureGroup": "feature_group",
    "Receipt": "receipts",
    "Store": "store",
    "TwinstoreError": "errors",
    "Unsupported": "errors",
    "WriteUnconfirmed": "errors",
    "connect": "store",
    "spark_session": "session",
}

__all__ = [
    "FeatureGroup",
    "Receipt",
    "Store",
    "TwinstoreError",
    "Unsupported",
    "WriteUnconfirmed",
    "connect",
    "spark_session",
]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext twinstore`: the magics `%twinstore` and `%%feature_write`."""
    from .magics import load

    load(shell)


def __getattr__(name: str) -> Any:
    try:
        home = _HOME[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(f".{home}", __name__), name)
