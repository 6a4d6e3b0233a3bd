"""How does a text become the terms that are indexed and looked up?"""

from __future__ import annotations

from engine.text.analysis import BESIDE, analyse, query_terms
from engine.text.language import detect_language

__all__ = ["BESIDE", "analyse", "detect_language", "query_terms"]
