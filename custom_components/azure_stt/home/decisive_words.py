"""Decisive words: those that change what a command does, so they are never exchanged."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
import re
from typing import Final

from unicode_rbnf import FormatPurpose, RbnfEngine

from .words import plain

# Words that change the action. Verb forms can't be listed, but they are outside of names, and
# nothing outside of a name is changed.
_DECISIVE: Final = frozenset(
    """
    not dont cant wont isnt no nor never none without except neither both all only every
    on off open close opened closed shut lock unlock locked unlocked up down start stop begin
    end left right in out enable disable arm disarm activate deactivate play pause resume mute
    raise lower increase decrease brighten more less most least add remove hide before after
    nicht kein keine keinen nie nur ohne außer beide an aus auf zu ein hoch runter alle alles
    mehr weniger links rechts linke rechte linkes rechtes öffne schließe sperre vor nach
    starte stoppe
    ne pas jamais sans sauf seulement allume éteins ouvre ferme verrouille monte baisse plus
    moins gauche droite droit tout tous toutes aucun avant après arrête démarre
    no nunca sin salvo solo enciende apaga abre cierra sube baja más menos todo todos todas
    ningún izquierda derecha izquierdo derecho antes después bloquea
    non mai senza tranne solo accendi spegni apri chiudi alza abbassa più meno tutto tutti
    tutte nessuno sinistra destra sinistro destro prima dopo blocca sblocca
    niet geen nooit zonder behalve alleen aan uit open dicht omhoog omlaag meer minder alle
    voor na vergrendel
    não nunca sem exceto liga desliga abre fecha sobe desce mais menos tudo esquerda direita
    nie bez włącz wyłącz otwórz zamknij lewa prawa inte aldrig utan på av öppna stäng upp ner
    tänd släck vänster höger ikke aldri tænd sluk
    """.split()  # noqa: SIM905 - a list of three hundred quoted words reads worse
)

# Words that must not become one another.
_OPPOSED: Final = frozenset(
    """
    front back rear upper lower top bottom inner outer north south east west hot cold warm cool
    day night morning evening summer winter big small large little old new his her mum dad
    oben unten obere untere oberes unteres vorne hinten vordere hintere vorderes hinteres
    nord süd ost west heiß kalt tag nacht groß klein alt neu
    haut bas arrière nord sud est ouest chaud froid jour nuit grand petit
    arriba abajo norte sur este oeste caliente frío día noche grande pequeño
    su giù ovest caldo freddo giorno notte piccolo
    boven beneden achter noord zuid oost groot
    """.split()  # noqa: SIM905 - as above
)

# Prefixes that reverse a word: unlock, deactivate, downstairs, ausschalten, ontgrendel.
_TURNING: Final = tuple(
    """
    un dis de des in im ir non up down out under over
    auf ab zu ein aus an ent ver hoch runter rauf herunter ont uit aan af op dé déver
    """.split()  # noqa: SIM905 - as above
)
_STEM: Final = 3

# Letters of the shortest word that counts as a number without its "ein".
_NUMBER_MIN: Final = 4

_DECISIVE_PLAIN: Final = frozenset(plain(word) for word in _DECISIVE)
_OPPOSED_PLAIN: Final = frozenset(plain(word) for word in _OPPOSED)
_TURNING_PLAIN: Final = tuple(plain(prefix) for prefix in _TURNING)


def is_decisive(word: str, language: str) -> bool:
    """Return whether a plain word is a number, a negation or names an action."""
    return (
        any(char.isdigit() for char in word)
        or word in _DECISIVE_PLAIN
        or _number(language.partition("-")[0]).fullmatch(word) is not None
    )


def load_numbers(language: str) -> None:
    """Load a language's words for numbers, which takes up to half a second the first time."""
    _number(language.partition("-")[0])


def decides(before: Sequence[str], after: Sequence[str], language: str) -> bool:
    """Return whether exchanging one wording for the other may change the action."""
    return (
        any(is_decisive(word, language) for word in (*before, *after))
        or not (_OPPOSED_PLAIN.isdisjoint(before) or _OPPOSED_PLAIN.isdisjoint(after))
        or any(_stems(one) & _stems(other) for one in before for other in after if one != other)
    )


def _stems(word: str) -> set[str]:
    """Return a word with and without the prefixes that reverse it."""
    return {word} | {
        word.removeprefix(prefix)
        for prefix in _TURNING_PLAIN
        if word.startswith(prefix) and len(word) - len(prefix) >= _STEM
    }


@lru_cache(maxsize=8)
def _number(language: str) -> re.Pattern[str]:
    """Return a pattern for words that consist of numbers, in a language."""
    words = {word for text in _numbers(language) for word in plain(text).split()}
    # "einhundert" is also said without "ein".
    words |= {
        rest
        for word in words
        for one in words
        if len(rest := word.removeprefix(one)) >= _NUMBER_MIN
    }
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    # Possessive, so that a long word is tried in one way only.
    return re.compile(f"(?:{'|'.join(longest_first)})++" if words else r"(?!)")


def _numbers(language: str) -> Iterator[str]:
    """Yield numbers in words, if the language is known."""
    try:
        engine = RbnfEngine.for_language(language)
    except ValueError:
        return
    for purpose in (FormatPurpose.CARDINAL, FormatPurpose.ORDINAL):
        for number in (*range(101), 1000):
            with suppress(ValueError):
                yield from engine.format_number(number, purpose=purpose).text_by_ruleset.values()
