"""How much does each feature of a reading count?"""

from __future__ import annotations

# Fitted by `python -m benchmarks.spelling --fit`: a conditional logit over the readings of 1,650 real misspelled
# queries and of their right sides. The first nine are slips by kind (indexes.typos.KINDS); "change", "split" and
# "join" hold back, so that fewer than one correct query in fifty is changed.
FITTED: dict[str, float] = {
    "transposed": 0.39, "doubled": -0.52, "undoubled": 1.24, "missing": 0.5, "extra": -1.43,
    "vowel": -0.6, "near": -0.94, "sounding": -0.35, "other": -2.4, "change": -0.0, "second": -2.48,
    "first": -1.37, "last": -0.37, "plural": -1.87, "sound": 1.02, "own": 0.71, "own_known": 1.72,
    "own_form": 0.9, "common": 0.65, "common_known": -1.23, "kept_common": 1.85, "kept_known": 0.69,
    "kept_often": -0.95, "inflected": 0.92, "pair_own": 1.12, "pair_common": 0.83, "short": 0.9,
    "long": -0.86, "split": -4.52, "split_short": -0.81, "join": 1.94, "join_own": 1.53,
}  # fmt: skip
FEATURES = tuple(FITTED)
WEIGHTS = tuple(FITTED.values())
