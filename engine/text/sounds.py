"""Do two English words sound alike?"""

from __future__ import annotations

LIKE = (
    ("ph", "f"), ("ck", "k"), ("qu", "kw"), ("wh", "w"), ("kn", "n"), ("wr", "r"), ("gh", ""), ("sh", "x"),
    ("tch", "x"), ("ch", "x"), ("ce", "se"), ("ci", "si"), ("cy", "sy"), ("x", "ks"), ("c", "k"),
    ("q", "k"), ("z", "s"), ("dg", "j"), ("ge", "je"), ("gi", "ji"), ("v", "f"), ("th", "t"),
)  # fmt: skip


def sound(word: str) -> str:
    """A word as it sounds, roughly: one sign for like consonants, vowels dropped but for the first letter."""
    text = word
    for old, new in LIKE:
        text = text.replace(old, new)
    first = "a" if text[:1] in "aeiouy" else text[:1]
    tail = [letter for letter in text[1:] if letter not in "aeiouyhw"]
    return first + "".join(letter for i, letter in enumerate(tail) if i == 0 or letter != tail[i - 1])
