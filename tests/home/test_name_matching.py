"""Names are found and corrected; the action is never changed."""

from hypothesis import example, given, strategies as st
import pytest

from custom_components.azure_stt.home.decisive_words import is_decisive
from custom_components.azure_stt.home.name_comparison import NameCorrection
from custom_components.azure_stt.home.name_matching import Names
from custom_components.azure_stt.home.phonetics import likeness, sound
from custom_components.azure_stt.home.words import plain
from tests.support.pairs import PAIRS

_BOTH_WAYS = [
    pytest.param(language, best, lower, id=f"{language}: {best} > {lower}")
    for language, pairs in PAIRS.items()
    for pair in pairs
    for best, lower in (pair, pair[::-1])
]

_HOME = (
    "Frédéric's lamp",
    "The loo",
    "Roomba",
    "Tiefkühler",
    "Kitchen west",
    "Kitchen",
    "Lamp 20",
    "Wi-Fi",
    "Garden hose",
    "Ground floor",
)

# Scripts with and without spaces, marks, case pairs of different lengths, and what patterns
# are made of.
_ODD = st.text(
    st.sampled_from(
        "aZ\u0130\u0131\u017fß\ufb01\u212aée"
        "\u0301ñ½⑴ﷺ가が\u3099रसोईไม่лй\u0306 .*+?()[]{}|\\^$'\u2019_-0\uff11\u0663\n\t\u200b🙂"
    )
)
_TEXT = st.text() | _ODD


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def test_there_are_enough_pairs() -> None:
    """The table is a promise."""
    assert sum(map(len, PAIRS.values())) >= 60


@pytest.mark.parametrize(("language", "best", "lower"), _BOTH_WAYS)
def test_no_exchange(language: str, best: str, lower: str) -> None:
    """Not even where all of the other command is the name of something."""
    names = Names([lower], language)
    assert names.found_in(lower)
    assert not names.differ_only(best, lower)


@pytest.mark.parametrize(("language", "best", "lower"), _BOTH_WAYS)
def test_no_correction_to_the_opposite(language: str, best: str, lower: str) -> None:
    """Nor is one corrected to the other."""
    for understood_later in (True, False):
        assert Names([lower], language).correct(best, understood_later=understood_later) is None


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-US", "not dont unlock off fifteen fifty third hundred 15 2nd"),
        ("de-DE", "nicht keine aus fünfzehn hundertfünfzig zweihundert dritte"),
        ("fr-FR", "ne pas éteins treize"),
        ("nl-NL", "niet uit vijftien"),
        ("ja-JP", "二十 十五"),
        ("tlh", "not 5"),
    ],
)
def test_decisive_words(language: str, words: str) -> None:
    """Numbers in words and figures, negations and opposites decide the action."""
    for word in plain(words).split():
        assert is_decisive(word, language), word


@pytest.mark.parametrize("word", ["kitchen", "lamp", "tone", "someone", "west", "roomba"])
def test_indecisive_words(word: str) -> None:
    """Words that only contain a number's or an opposite's letters decide nothing."""
    assert not is_decisive(word, "en-US")


def test_number_words_take_no_time() -> None:
    """A word that could be made of numbers in many ways is judged at once."""
    assert not is_decisive("十一" * 10_000 + "x", "ja")
    assert not is_decisive("ein" * 10_000 + "x", "de")


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("Turn on Frederick's lamp.", "Turn on Frédéric's lamp."),
        ("Turn on Frederics lamp.", "Turn on Frédéric's lamp."),
        ("Turn on the loop.", "Turn on The loo."),
        ("Start the rumba.", "Start the Roomba."),
        ("Start the room, ba now", "Start the Roomba now"),
        ("Turn on the Tiefkuhler.", "Turn on the Tiefkühler."),
        ("Turn on teef kueler.", "Turn on Tiefkühler."),
        ("Turn on kitchen wast.", "Turn on Kitchen west."),
        ("Turn on lamb 20.", "Turn on Lamp 20."),
        ("Restart the wifi.", "Restart the Wi-Fi."),
        ("Start, the rumba!", "Start, the Roomba!"),
        ("Turn on lamp twenty.", "Turn on Lamp 20."),
        ("Turn on lamb twenty.", "Turn on Lamp 20."),
    ],
)
def test_corrected(text: str, corrected: str) -> None:
    """A misheard name becomes the one that it must be."""
    correction = Names(_HOME, "en-US").correct(text, understood_later=True)
    assert correction is not None
    assert correction.applied_to(text) == corrected


@pytest.mark.parametrize(
    "text",
    [
        "Turn on Roomba.",
        "Turn on the kitchen.",
        "Turn on the roombas.",
        "Turn on lamp 30.",
        "Turn on lamp 21.",
        "Turn on lamp thirty.",
        "Turn on the lamp.",
        "Turn on the kitchens.",
        "Turn on the frying pan.",
        "Where are the garden shears?",
        "",
        "   ",
        ".",
    ],
)
def test_not_corrected(text: str) -> None:
    """A right name, another number, a plural or another word stays."""
    assert Names(_HOME, "en-US").correct(text, understood_later=True) is None


@pytest.mark.parametrize(
    ("one", "other"), [("rome", "roam"), ("space lamp", "spase lamp"), ("lampe", "lamp")]
)
def test_a_mute_letter_has_no_sound(one: str, other: str) -> None:
    """An e at a word's end isn't heard, but makes a c soft."""
    assert sound(one) == sound(other)
    assert sound("space") != sound("spac")


def test_a_word_beside_a_name_is_not_swallowed() -> None:
    """A misheard verb isn't taken for the beginning of a misheard name, nor a last word."""
    names = Names(["Ventilatore di Ulisse"], "it")
    for heard in ("spe ventilatore di uline", "ventilatore di uline spe"):
        assert likeness(heard, "ventilatore di ulisse") >= 82
        assert names.correct(heard, understood_later=True) is None
    correction = names.correct("sveni ventilattore di ulisse", understood_later=True)
    assert correction == NameCorrection("ventilattore di ulisse", "Ventilatore di Ulisse")


def test_no_name_behind_a_verb_in_doubt() -> None:
    """The s of "sblocca" (unlock) is easily missed, and the rest of it means to lock."""
    names = Names(["Portone"], "it")
    assert names.correct("Blocca portoni", understood_later=True) is None
    assert names.correct("Sblocca portoni", understood_later=True) is not None
    assert names.correct("Apri portoni", understood_later=True) is not None
    assert not names.differ_only("Blocca calcini", "Blocca Portone")
    assert names.differ_only("Apri calcini", "Apri Portone")
    assert not names.heard_again("Blocca portoni", "Blocca Portone")
    assert names.heard_again("Apri portoni", "Apre Portone")


@pytest.mark.parametrize("text", ["Rumba.", "Teef kueler", "kitchen wast"])
def test_a_text_never_becomes_a_mere_name(text: str) -> None:
    """Home Assistant's agent would turn it on, whatever was to be done."""
    names = Names(_HOME, "en-US")
    assert names.correct(text, understood_later=True) is None
    assert names.correct(f"Start {text}", understood_later=True) is not None
    assert not names.differ_only("also knows rome", "Roomba")
    assert names.differ_only("start also knows rome", "start Roomba")


def test_no_name_behind_a_negation() -> None:
    """A negated command isn't made a script's name."""
    names = Names([], "pl", actions=["Otwieranie bramy"])
    assert names.correct("Uruchom otwieranie bramę", understood_later=True) is not None
    assert names.correct("Nie otwieranie bramę", understood_later=True) is None


def test_not_corrected_if_it_may_be_two() -> None:
    """Two names that are about equally near are ambiguous."""
    assert (
        Names(["Marie's lamp", "Maria's lamp"], "en").correct(
            "Turn on Mari's lamp", understood_later=True
        )
        is None
    )


def test_fewer_corrections_without_a_later_check() -> None:
    """Without a later check, only near-identical names are corrected."""
    names = Names(_HOME, "en")
    assert names.correct("Tell me a joke about the rumba", understood_later=False) is None
    assert names.correct("Is Frederick's lamp on?", understood_later=False) is not None


@pytest.mark.parametrize(
    ("best", "other", "expected"),
    [
        ("Turn on the ramba", "Turn on the Roomba", True),
        ("Turn on room but", "Turn on Roomba", True),
        ("Turn on kitchen vest", "Turn on kitchen west", True),
        ("Turn on kitchen w.", "Turn on kitchen west.", True),
        ("Turn on kitchen", "Turn on kitchen west", False),
        ("Turn on", "Turn on Roomba", False),
        ("Start the ramba", "Stop the Roomba", False),
        ("Please start ramba", "Start Roomba", False),
        ("Start ramba not", "Start Roomba", False),
        ("Start not ramba", "Start Roomba", False),
        ("Start Roomba", "Start Roomba", False),
    ],
)
def test_difference(best: str, other: str, expected: bool) -> None:  # noqa: FBT001
    """Only a name may differ, and there must be something in its place."""
    assert Names(_HOME, "en").differ_only(best, other) is expected


def test_correction_keeps_to_words() -> None:
    """Text inside another word isn't replaced."""
    assert NameCorrection("art", "Arte").applied_to("Start art!") == "Start Arte!"


def test_correction_in_another_form() -> None:
    """Capitals and punctuation differ in the other forms of the text."""
    correction = NameCorrection("Room, but", "Roomba")
    assert correction.applied_to("start the room but now") == "start the Roomba now"


def test_correction_takes_names_literally() -> None:
    """Neither a name nor the spoken text is a pattern."""
    assert NameCorrection("a+b", r"\1 (c)").applied_to("Play a+b.") == r"Play \1 (c)."


@given(_TEXT)
@example("ᴬ")
@example("½ \u0130 \u017f ß \u0149")
@example("e\u0301")
@example("रसोई की लाइट")
def test_plain_is_plain(text: str) -> None:
    """Made plain once more, a text stays as it is."""
    assert plain(plain(text)) == plain(text)


@given(_TEXT)
def test_names_are_found_in_themselves(name: str) -> None:
    """A name is found in a text that consists of it, in any script."""
    count = len(plain(name).split())
    assert ((0, count) in Names([name], "en").found_in(name)) is bool(count)


@given(
    st.lists(_TEXT, max_size=8), _TEXT, st.booleans(), st.sampled_from(["en", "de-DE", "", "x-y"])
)
def test_any_names_and_text(
    names: list[str],
    text: str,
    understood_later: bool,  # noqa: FBT001
    language: str,
) -> None:
    """Any input works; corrected words were in the text, and become a name of the home."""
    correction = Names(names, language).correct(text, understood_later=understood_later)
    if correction is not None:
        assert correction.heard in text
        assert correction.meant in names
        assert correction.meant in correction.applied_to(text)


@given(_TEXT, _TEXT, st.lists(_TEXT, max_size=4))
def test_any_difference(best: str, other: str, names: list[str]) -> None:
    """Any two texts can be compared; a text doesn't differ from itself."""
    known = Names(names, "en", actions=[best])
    known.differ_only(best, other)
    assert not known.differ_only(other, other)


@given(st.sampled_from(_HOME), _TEXT, _TEXT)
def test_a_name_that_is_right_stays(name: str, before: str, after: str) -> None:
    """Any correction of a text with a name of the home keeps that name."""
    text = f"{before} {name} {after}"
    correction = Names(_HOME, "en").correct(text, understood_later=False)
    if correction is not None:
        assert plain(name) in plain(correction.applied_to(text))


@given(_TEXT)
def test_any_sound(text: str) -> None:
    """Everything sounds somehow."""
    assert " " not in sound(plain(text))


def test_a_very_long_text() -> None:
    """Ten minutes of dictation are no reason to give up."""
    assert Names(_HOME, "en").correct("and so on " * 1000, understood_later=False) is None
