"""Recognition of one recording, without Home Assistant: retries, pauses, languages, backups.

`recording` keeps the audio, `segment` is the part of it that one request reads,
`endpointing` finds speech and pauses by their loudness, and `answering` is the table of when to
answer. `retry` gets one part recognized by whichever resource answers. `transcriber` puts the parts
of a live voice together as a `transcript`, and `file_transcriber` those of a file.
"""
