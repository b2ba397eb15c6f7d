"""The reasons why the text that goes out differs from Azure's own."""

from enum import StrEnum


class Change(StrEnum):
    """Why the text that goes out isn't Azure's own."""

    LEXICAL = "lexical"
    """It is the lexical form: "kitchen west", not "kitchen W."."""
    ALTERNATIVE = "alternative"
    """It is another one of Azure's alternatives, because of a name."""
    NAME = "name"
    """A misheard name was corrected."""
    SECOND_OPINION = "second_opinion"
    """It is fast transcription's, which was told the names of the home."""
    CORRECTION = "correction"
    """A correction of the user's was made."""
