"""How near does this catalogue come to what it does not sell?

Everyday words of many trades are looked up in each space. Those that no item holds have nothing to do with the
shop: the likeness that its nearest items still reach with them is the noise, and nothing below it is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from engine.encode import knows
from engine.text import query_terms
from engine.types import Vectors
from indexes.ranking import Ranking, Scores

Encode: TypeAlias = Callable[[Sequence[str]], Vectors]

ENGLISH = """
horse banana mortgage guitar lipstick sofa wedding cathedral poetry surgery tractor cheese volcano senator piano
carpet tomato lawsuit dentist elephant violin sandwich priest diamond canoe cactus vineyard orchestra saddle
perfume pension algebra sculpture lettuce submarine necklace cricket fertilizer opera bishop helicopter shampoo
sausage philosophy marriage mosquito candle earring wallpaper rugby ballet vaccine bacteria protein enzyme gene
turbulence boundary-layer theorem galaxy democracy inflation parliament treaty glacier monsoon pottery broccoli
stallion kimono harvest umbrella funeral kindergarten divorce monastery pancake mustard trousers curtain lobster
"""
CHINESE = """
马 香蕉 房贷 吉他 口红 沙发 婚礼 教堂 诗歌 手术 拖拉机 奶酪 火山 议员 钢琴 地毯 番茄 诉讼 牙医
大象 小提琴 三明治 牧师 钻石 独木舟 仙人掌 葡萄园 乐团 马鞍 香水 养老金 代数 雕塑 生菜 潜艇 项链
板球 化肥 歌剧 主教 直升机 洗发水 香肠 哲学 婚姻 蚊子 蜡烛 耳环 壁纸 橄榄球 芭蕾 疫苗 细菌
蛋白质 基因 湍流 定理 星系 民主 通货膨胀 议会 条约 冰川 季风 陶器 西兰花 和服 葬礼 幼儿园 离婚
寺院 煎饼 芥末
"""
USUAL = 0.45  # where too few of the words are strange to the shop
FEWEST = 12
AT = 0.9  # quantile of the likeness of strange words: a few of them will be nearer to the shop than they seem


class Space(Protocol):
    """Vectors that can be searched."""

    def search(self, vector: Vectors, k: int) -> Ranking: ...


class Words(Protocol):
    """Whatever knows which item holds which words."""

    def held(self, masses: Mapping[str, float]) -> Scores: ...


def noises(
    spaces: Mapping[str, Space], encoders: Mapping[str, Encode], words: Words
) -> dict[str, dict[str, float]]:
    """For each space that has an encoder, by language, the likeness to the nearest item that means nothing yet."""
    return {
        name: {
            language: noise(spaces[name], encode, words, trades)
            for language, trades in (("en", ENGLISH), ("zh", CHINESE))
            if knows(name, language)
        }
        for name, encode in encoders.items()
    }


def noise(space: Space, encode: Encode, words: Words, trades: str) -> float:
    """The AT quantile of the likeness that strange words reach; USUAL where fewer than FEWEST are strange."""
    strange = [word for word in trades.split() if not words.held(dict.fromkeys(query_terms(word), 1.0)).any()]
    vectors = encode(strange) if len(strange) >= FEWEST else ()
    found = [space.search(vector, 1) for vector in vectors if vector.any()]
    best = [float(ranking.scores[0]) for ranking in found if len(ranking)]
    return float(np.quantile(best, AT)) if len(best) >= FEWEST else USUAL
