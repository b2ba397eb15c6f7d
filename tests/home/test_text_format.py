"""Text forms, and the user's own corrections."""

from time import perf_counter
import unicodedata

from hypothesis import example, given, strategies as st
import pytest

from custom_components.azure_stt.azure_speech import Alternative, Profanity
from custom_components.azure_stt.home.learned import LEARNED_MAX
from custom_components.azure_stt.home.text_format import (
    Corrections,
    TextForm,
    format_text,
)

_ALTERNATIVE = Alternative(
    display="Wake me at 7, damn it!",
    lexical="wake me at seven damn it",
    itn="wake me at 7 damn it",
    masked_itn="wake me at 7 **** it",
)
_MASKED = (Profanity.MASKED, Profanity.REMOVED)
_ODD = st.text(
    st.sampled_from(
        "aAkKbZ\u0130\u0131\u017fß\u1e9e\u212aée\u0301가がกรसो .*+?()[]{}|\\^$'-_1\n\t\u200b🙂"
    )
)
_TEXT = st.text() | _ODD


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


@pytest.mark.parametrize(
    ("form", "profanity", "text"),
    [
        (TextForm.DISPLAY, Profanity.RAW, "Wake me at 7, damn it!"),
        (TextForm.NO_FINAL_PUNCTUATION, Profanity.RAW, "Wake me at 7, damn it"),
        (TextForm.LEXICAL, Profanity.RAW, "wake me at seven damn it"),
        (TextForm.ITN, Profanity.RAW, "wake me at 7 damn it"),
        *(
            (form, kind, "wake me at 7 **** it")
            for form in (TextForm.LEXICAL, TextForm.ITN)
            for kind in _MASKED
        ),
    ],
)
def test_forms(form: TextForm, profanity: Profanity, text: str) -> None:
    """Each form is the service's own; where that isn't masked, the masked one stands in."""
    assert format_text(_ALTERNATIVE, form, profanity) == text


@pytest.mark.parametrize("form", [TextForm.LEXICAL, TextForm.ITN])
@pytest.mark.parametrize("profanity", Profanity)
def test_missing_form(form: TextForm, profanity: Profanity) -> None:
    """Simple answers have the display text only, which is made lowercase."""
    assert format_text(Alternative(display="Open 24/7."), form, profanity) == "open 24/7"


@pytest.mark.parametrize("form", [TextForm.LEXICAL, TextForm.ITN])
def test_masked_form_is_lowercase_without_marks(form: TextForm) -> None:
    """Azure's masked form has capitals and, in long answers, punctuation."""
    alternative = Alternative(
        display="Is it **** 7:30, Mr. Smith?", masked_itn="Is it **** 7:30, Mr. Smith?"
    )
    assert format_text(alternative, form, Profanity.MASKED) == "is it **** 7:30 mr. smith"


@pytest.mark.parametrize(
    ("display", "text"),
    [
        ("Open it.", "Open it"),
        ("Is it?!", "Is it"),
        ("Set it to 1.5.", "Set it to 1.5"),
        ("開けて。", "開けて"),
        ("बत्ती जलाओ।", "बत्ती जलाओ"),
        ("افتح الباب؟", "افتح الباب"),
        ("...", ""),
        ("", ""),
        ("Turn it on—", "Turn it on"),
        ("Turn it on …", "Turn it on"),
        ("Τι ώρα είναι;", "Τι ώρα είναι"),  # noqa: RUF001
        ("Τι ώρα είναι\u037e", "Τι ώρα είναι"),  # noqa: RUF001
        ("Άναψε το φως·", "Άναψε το φως"),
        ("Միացրու լույսը։", "Միացրու լույսը"),  # noqa: RUF001
        ("መብራቱን አብራ።", "መብራቱን አብራ"),
        ("បើកភ្លើង។", "បើកភ្លើង"),
        ("दिवा लावा॥", "दिवा लावा"),
        ("بتی جلاؤ۔", "بتی جلاؤ"),  # noqa: RUF001
        ("Quelle heure est-il\u202f?", "Quelle heure est-il"),
        ("Allume la lampe !", "Allume la lampe"),
        ("¿Qué hora es?", "Qué hora es"),
        ("¡Hola! ¿Qué hora es?", "¡Hola! Qué hora es"),
        ("¿¡Qué!?", "Qué"),
        ("¿Qué hora es", "¿Qué hora es"),
        ("Dim it to 50%.", "Dim it to 50%"),
        ("That is sh**.", "That is sh**"),
        ("ไปกรุงเทพฯ", "ไปกรุงเทพฯ"),
        ("סנדוויץ׳.", "סנדוויץ׳"),  # noqa: RUF001
        ("Learn C++.", "Learn C++"),
    ],
)
def test_no_final_punctuation(display: str, text: str) -> None:
    """Only the marks that end the sentence go, in any script, and Spanish's opening ones."""
    alternative = Alternative(display=display)
    assert format_text(alternative, TextForm.NO_FINAL_PUNCTUATION, Profanity.RAW) == text


@given(_TEXT, _TEXT, st.sampled_from(TextForm), st.sampled_from(Profanity))
def test_any_form(display: str, lexical: str, form: TextForm, profanity: Profanity) -> None:
    """Any text has all forms."""
    format_text(Alternative(display=display, lexical=lexical), form, profanity)


def corrected(text: str, **corrections: str) -> str:
    """Correct a text; underscores stand for spaces."""
    pairs = ((heard.replace("_", " "), meant) for heard, meant in corrections.items())
    return Corrections({"heard": heard, "meant": meant} for heard, meant in pairs).apply(text)


@pytest.mark.parametrize(
    ("text", "corrections", "expected"),
    [
        ("Start the rumba.", {"rumba": "Roomba"}, "Start the Roomba."),
        ("RUMBA, rumba!", {"Rumba": "Roomba"}, "Roomba, Roomba!"),
        ("The rumbas.", {"rumba": "Roomba"}, "The rumbas."),
        ("Kitchen w on", {"kitchen_w": "kitchen west"}, "kitchen west on"),
        ("kitchen   W.", {"kitchen_w": "kitchen west"}, "kitchen west."),
        ("kitchen west", {"kitchen_w": "kitchen west"}, "kitchen west"),
        ("a b", {"a": "b", "b": "a"}, "b a"),
        ("a b", {"a": "x", "a_b": "y"}, "y"),
        ("Straße", {"straße": "Gasse"}, "Gasse"),
        ("Das Café.", {"café": "Büro"}, "Das Büro."),
        ("Das Café.", {"cafe\u0301": "Büro"}, "Das Büro."),
        ("Die Cafés.", {"cafe\u0301": "Büro"}, "Die Cafés."),
        ("don't", {"don": "Don"}, "Don't"),
        ("居間の電気を消して", {"電気": "ライト"}, "居間のライトを消して"),
        ("เปิดไฟห้องครัว", {"ไฟ": "โคม"}, "เปิดโคมห้องครัว"),
        ("रसोई", {"रस": "जूस"}, "रसोई"),
        ("रस लाओ", {"रस": "जूस"}, "जूस लाओ"),
        ("거실을", {"거실": "방"}, "거실을"),
        ("C++ and c", {"c++": "C plus plus"}, "C plus plus and c"),
        (".*", {"a": "b"}, ".*"),
        ("x", {"x": r"\1 \g<0>"}, r"\1 \g<0>"),
        ("x", {"": "y", "_": "z"}, "x"),
        ("", {"x": "y"}, ""),
    ],
)
def test_corrections(text: str, corrections: dict[str, str], expected: str) -> None:
    """Whole words, the longest first, once, in any case; also in scripts without spaces."""
    assert corrected(text, **corrections) == expected


@pytest.mark.parametrize(
    ("text", "corrections", "expected"),
    [
        ("Zhasni, hvězdu.", {"zhasni_hvězdu": "Zhasni Hvězdu"}, "Zhasni Hvězdu."),
        ("Zhasni… — hvězdu!", {"zhasni_hvězdu": "Zhasni Hvězdu"}, "Zhasni Hvězdu!"),
        ("Turn on the wi-fi.", {"wi_fi": "Wi-Fi"}, "Turn on the Wi-Fi."),
        ("Zhasni hvězdu.", {"Zhasni,_hvězdu.": "Zhasni Hvězdu."}, "Zhasni Hvězdu."),
        ("Zhasni hvězdu", {"Zhasni,_hvězdu.": "Zhasni Hvězdu."}, "Zhasni Hvězdu."),
        ("Que dis-tu ?", {"que_dis-tu_?": "Quoi ?"}, "Quoi ?"),
        ("¿Qué onda?", {"¿qué_onda?": "Hola."}, "Hola."),
        ("开，灯。", {"开_灯": "开灯"}, "开灯。"),  # noqa: RUF001
        ("kitchen & w", {"kitchen_w": "x"}, "kitchen & w"),
    ],
)
def test_any_spaces_and_marks_match_between_words(
    text: str, corrections: dict[str, str], expected: str
) -> None:
    """Azure's punctuation doesn't keep a correction from being made, on either side."""
    assert corrected(text, **corrections) == expected


@pytest.mark.parametrize("text", ["lamp 1.5", "lamp 1 .5", "lamp 1 -5", "lamp 1-5", "lamp 1,5"])
def test_numbers_are_not_cut(text: str) -> None:
    """A decimal point or a minus sign is no gap between words."""
    assert corrected(text, lamp_1_5="x") == text


@pytest.mark.parametrize("heard", ["l'ombra", "l’ombra", "lʼombra"])  # noqa: RUF001
@pytest.mark.parametrize("text", ["Apri L'ombra.", "Apri l’ombra.", "Apri lʼombra."])  # noqa: RUF001
def test_apostrophes_are_equal(heard: str, text: str) -> None:
    """Either apostrophe is the other one."""
    assert corrected(text, **{heard: "la tenda"}) == "Apri la tenda."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Uh, turn on the light.", "turn on the light."),
        ("Uh. Turn on the light.", "Turn on the light."),
        ("Turn on uh the light.", "Turn on the light."),
        ("Turn on, uh, the light.", "Turn on, the light."),
        ("Turn on the light, uh.", "Turn on the light."),
        ("Turn on the light uh", "Turn on the light"),
        ("Uh, uh, turn on uh!", "turn on!"),
        ("Uhura", "Uhura"),
        ("Uh", ""),
    ],
)
@pytest.mark.parametrize("nothing", [{"meant": ""}, {"meant": " "}, {}])
def test_nothing_meant_takes_a_separator_with_it(
    nothing: dict[str, str], text: str, expected: str
) -> None:
    """A chime that is recognized as a word is removed, with its comma or space."""
    assert Corrections([{"heard": "uh", **nothing}]).apply(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("呃，开灯。", "开灯。"), ("开呃灯", "开灯")])  # noqa: RUF001
def test_nothing_meant_without_spaces(text: str, expected: str) -> None:
    """So it does in scripts that have no spaces."""
    assert corrected(text, 呃="") == expected


def test_no_corrections() -> None:
    """Without any, nothing changes."""
    assert Corrections([]).apply("Turn on") == "Turn on"


@given(st.lists(st.tuples(_TEXT, _TEXT), max_size=6), _TEXT)
@example([("\u0130", "x"), ("\u017f", "y")], "i̇ S")
def test_any_corrections(pairs: list[tuple[str, str]], text: str) -> None:
    """Any list and any text give a text in the end."""
    Corrections({"heard": heard, "meant": meant} for heard, meant in pairs).apply(text)


@given(_TEXT, _TEXT)
def test_correction_of_all(heard: str, meant: str) -> None:
    """A text that consists of the misheard words becomes the correction."""
    words = " ".join(heard.split())
    corrections = Corrections([{"heard": heard, "meant": meant}])
    assert corrections.apply(unicodedata.normalize("NFC", words)) == (
        meant if words and meant.strip() else ""
    )


@given(st.text("ab ", min_size=1), _TEXT)
def test_one_pass(heard: str, text: str) -> None:
    """A correction isn't corrected again: the text would grow without end."""
    corrections = Corrections([{"heard": heard, "meant": f"{heard} {heard}"}])
    assert len(corrections.apply(text)) <= 3 * len(text)


def test_many_corrections_are_quick() -> None:
    """As many as there may be, in a text as long as a minute's."""
    corrections = Corrections(
        {"heard": f"word {number}", "meant": str(number)} for number in range(LEARNED_MAX)
    )
    text = " ".join(f"word {number}" for number in range(200))
    began = perf_counter()
    assert corrections.apply(text) == " ".join(map(str, range(200)))
    assert perf_counter() - began < 1
