"""What does `make demo` sell, and to whom? A shop in which everything is generated."""

from __future__ import annotations

from engine.sample.shop import Sample, write_sample

__all__ = ["Sample", "write_sample"]
