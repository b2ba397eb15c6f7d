"""Recognition of one recording, without Home Assistant: retries, pauses, languages, backups.

`recording` keeps the host's audio, `segment` is what one request reads of it, `endpointing`
finds speech and pauses by their loudness, `attempts` gets one segment recognized by whichever
engine answers, and `transcriber` puts the parts together as a `transcript`.
"""
