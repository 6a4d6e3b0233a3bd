"""What does a text mean, as a vector?"""

from __future__ import annotations

from engine.encode.cache import encode_cached
from engine.encode.named import NAMES, encoder, ensure
from engine.encode.route import choose_spaces, knows, space_for

__all__ = ["NAMES", "choose_spaces", "encode_cached", "encoder", "ensure", "knows", "space_for"]
