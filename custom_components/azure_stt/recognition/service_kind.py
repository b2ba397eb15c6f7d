"""The kind of service that a resource turns out to be.

Microsoft doesn't document whether its service answers while audio still comes, or whether its
answer covers more than the first utterance. So each answer is looked at.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class ServiceKind:
    """What a resource's answers have shown so far; None until one has."""

    answers_early: bool | None = None
    """Whether it answers at a short pause, while audio still comes."""
    covers_pauses: bool | None = None
    """Whether an answer covers all of the audio, and not only its first utterance."""
