"""Audio as 16 kHz 16-bit mono PCM: formats, decoding, levels.

`decoder` takes a stream, `ffmpeg` converts and reads files (it loads PyAV, so it is
imported late), `pcm` has the format itself and how loud it is.
"""
