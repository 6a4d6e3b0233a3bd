"""What learns from behaviour, and by which name? One line each."""

from __future__ import annotations

from collections.abc import Mapping

from engine.learn.als import Als
from engine.learn.bpr import Bpr
from engine.learn.choose import Chosen, ask_sessions
from engine.learn.ease import Ease
from engine.learn.markov import Markov
from engine.learn.neighbours import Neighbours
from engine.learn.next_items import NextItems
from engine.learn.popularity import Popularity
from engine.learn.ratings import Ratings
from engine.learn.repeats import Repeats
from engine.learn.sequences import Sequences
from engine.learn.sessions import Sessions
from engine.learn.together import Together
from engine.types import Index, Learner
from indexes.factors import FactorIndex
from indexes.neighbours import NeighbourIndex
from indexes.pairs import PairIndex
from indexes.popularity import PopularityIndex
from indexes.ratings import RatingIndex
from indexes.repeats import RepeatIndex
from indexes.sequence import AttentionIndex, GruIndex
from indexes.sessions import SessionIndex

LEARNERS: Mapping[str, Learner] = {
    "popularity": Popularity(),
    "als": Als(),
    "bpr": Bpr(),
    "ratings": Ratings(samples=12, burn_in=8),
    "neighbours": Neighbours(),
    "sessions": Chosen(
        (Sessions(), Sessions(half_life_days=60.0), Sessions(half_life_days=0.0)),
        ask_sessions,
        Sessions().reading,
    ),
    "ease": Ease(),
    "markov": Markov(),
    "sequence": Sequences(),
    "gru": Sequences(network="gru"),
    "next": NextItems(),
    "together": Together(),
    "repeats": Repeats(),
    "crowd": Sessions(
        unit="user",
        half_life_days=0.0,
        user_half_life_days=60.0,
        combine="sum",
        idf_power=0.0,
        length_power=0.5,
        item_power=0.0,
        sharpness=1.0,
    ),
}

INDEXES: Mapping[str, type[Index]] = {
    "popularity": PopularityIndex,
    "als": FactorIndex,
    "bpr": PairIndex,
    "ratings": RatingIndex,
    "neighbours": NeighbourIndex,
    "sessions": SessionIndex,
    "ease": NeighbourIndex,
    "markov": NeighbourIndex,
    "sequence": AttentionIndex,
    "gru": GruIndex,
    "next": NeighbourIndex,
    "together": NeighbourIndex,
    "repeats": RepeatIndex,
    "crowd": SessionIndex,
}
