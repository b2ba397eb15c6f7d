"""A voice that only chimes, for a home that has no text-to-speech engine."""
