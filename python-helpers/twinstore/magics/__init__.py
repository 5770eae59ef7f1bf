"""Magics of a local kernel: `%twinstore` and `%%feature_write`. Thin: the work is the library's."""

from .extension import load

__all__ = ["load"]
