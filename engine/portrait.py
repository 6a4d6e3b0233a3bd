"""How is a profile said in a sentence, in English or Chinese?"""

from __future__ import annotations

from datetime import UTC, datetime

from engine.affinity import Affinity
from engine.profile import Profile

_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$", "CNY": "¥", "JPY": "¥"}
_KINDS_EN = {
    "purchase": ("purchase", "purchases"),
    "cart": ("cart", "carts"),
    "view": ("view", "views"),
    "click": ("click", "clicks"),
    "rating": ("rating", "ratings"),
}
_KINDS_ZH = {"purchase": "次购买", "cart": "次加购", "view": "次浏览", "click": "次点击", "rating": "次评分"}


def sentence(profile: Profile, language: str = "en") -> str:
    """The profile as a short paragraph; `language` "zh" for Chinese, anything else for English."""
    return _chinese(profile) if language == "zh" else _english(profile)


def _english(p: Profile) -> str:
    said = []
    if p.orders:
        times = _count(p.orders, "order")
        said.append(
            f"{times} and {_money(p.spent, p.currency)} spent since {_day(p.first_seen)}; "
            f"the last order was {_ago(p.now, p.last_order or p.now)}."
        )
    else:
        said.append(
            f"Has not bought yet; first seen {_ago(p.now, p.first_seen)}, last {_ago(p.now, p.last_seen)}."
        )
    if p.segment:
        said.append(f"Segment: {p.segment}.")
    if p.categories:
        said.append("Drawn to " + _and([_evidence_en(a) for a in p.categories[:2]]) + ".")
    if p.brands:
        said.append(f"Favours {_and([a.value for a in p.brands[:2]])}.")
    if p.prices:
        verb = "Usually pays" if p.prices.bought >= 3 else "Looks at"
        low, high = _money(p.prices.low, p.currency), _money(p.prices.high, p.currency)
        level = _level(p.prices.level, ("cheaper", "dearer"))
        than = f", {level} than is usual for such things" if level else ""
        said.append(f"{verb} {low if low == high else f'{low} to {high}'} an item{than}.")
    if p.searches:
        asked = p.searches[0]
        times = "" if asked.times == 1 else f" {asked.times} times"
        said.append(f"Searched for “{asked.query}”{times}, last {_ago(p.now, asked.last)}.")
    if p.avoids:
        said.append(f"Turns away from {_and([a.value for a in p.avoids[:2]])}.")
    if p.next_order and p.next_order.overdue:
        said.append("An order is overdue: most with this rhythm would have come back by now.")
    elif p.next_order:
        said.append(
            f"The next order is likely around {_day(p.next_order.likely)} "
            f"({_day(p.next_order.earliest)} to {_day(p.next_order.latest)})."
        )
    return " ".join(said)


def _chinese(p: Profile) -> str:
    said = []
    if p.orders:
        said.append(
            f"自{_date_zh(p.first_seen)}以来下单{p.orders}次，共消费{_money(p.spent, p.currency)}；"
            f"最近一次下单在{_ago_zh(p.now, p.last_order or p.now)}。"
        )
    else:
        said.append(
            f"尚未购买；首次到访在{_ago_zh(p.now, p.first_seen)}，最近一次在{_ago_zh(p.now, p.last_seen)}。"
        )
    if p.segment_zh:
        said.append(f"所属人群：{p.segment_zh}。")
    if p.categories:
        said.append("偏爱" + "、".join(_evidence_zh(a) for a in p.categories[:2]) + "。")
    if p.brands:
        said.append("偏好品牌：" + "、".join(a.label("zh") for a in p.brands[:2]) + "。")
    if p.prices:
        verb = "通常购买" if p.prices.bought >= 3 else "常看"
        low, high = _money(p.prices.low, p.currency), _money(p.prices.high, p.currency)
        level = _level(p.prices.level, ("低", "高"))
        than = f"，比同类商品的中位价{level}" if level else ""
        said.append(f"{verb}单价{low if low == high else f'{low}至{high}'}的商品{than}。")
    if p.searches:
        asked = p.searches[0]
        said.append(f"搜索过“{asked.query}”{asked.times}次，最近一次在{_ago_zh(p.now, asked.last)}。")
    if p.avoids:
        said.append("不喜欢：" + "、".join(a.label("zh") for a in p.avoids[:2]) + "。")
    if p.next_order and p.next_order.overdue:
        said.append("已超过惯常的下单间隔，可能正在流失。")
    elif p.next_order:
        said.append(
            f"下次下单大约在{_date_zh(p.next_order.likely)}"
            f"（{_date_zh(p.next_order.earliest)}至{_date_zh(p.next_order.latest)}）。"
        )
    return "".join(said)


def _evidence_en(affinity: Affinity) -> str:
    shown = [_count(n, *_KINDS_EN[k]) for k, n in affinity.evidence.items() if k in _KINDS_EN]
    return f"{affinity.value} ({', '.join(shown[:2])})" if shown else affinity.value


def _evidence_zh(affinity: Affinity) -> str:
    shown = [f"{n}{_KINDS_ZH[k]}" for k, n in affinity.evidence.items() if k in _KINDS_ZH]
    return f"{affinity.label('zh')}（{'、'.join(shown[:2])}）" if shown else affinity.label("zh")


def _level(level: float, words: tuple[str, str]) -> str:
    """Under or over the usual price by more than a tenth; "" in between, or when not known."""
    if level < 0.9:
        return words[0]
    return words[1] if level > 1.1 else ""


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _money(amount: float, currency: str) -> str:
    sign = _SIGNS.get(currency)
    text = f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.2f}"
    return f"{sign}{text}" if sign else f"{text} {currency}".rstrip()


def _day(time: float) -> str:
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment.day} {moment:%b %Y}"


def _date_zh(time: float) -> str:
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment.year}年{moment.month}月{moment.day}日"


def _ago(now: float, time: float) -> str:
    days = int(now // 86400 - time // 86400)
    return "today" if days <= 0 else "yesterday" if days == 1 else f"{days:,} days ago"


def _ago_zh(now: float, time: float) -> str:
    days = int(now // 86400 - time // 86400)
    return "今天" if days <= 0 else "昨天" if days == 1 else f"{days}天前"


def _and(parts: list[str]) -> str:
    return " and ".join(parts)
