"""Signatures: whether a stream is a media file, and not PCM, a WAV file or OGG/Opus."""

import re
from typing import Final

_NEEDED: Final = 12
"""Bytes of the longest signature."""

# Media files, and a few other files that would be taken for PCM: the media reader refuses
# them. https://www.garykessler.net/library/file_sigs.html
_SIGNATURE: Final = re.compile(
    rb"""
    RF64....WAVE | BW64....WAVE | RIFX....WAVE | riff\x2e\x91\xcf\x11 | RIFF....AVI[ ]
    | FORM....AIF[FC] | fLaC | ID3[\x02-\x04][^\xff] | ....(?:ftyp|moov|mdat|wide) | \x1aE\xdf\xa3
    | caff\x00 | \.snd\x00\x00 | [#]!AMR | 0&\xb2u\x8ef\xcf\x11 | FLV\x01 | wvpk | TTA[12] | MAC[ ]
    | Creative[ ]Voi | \x00\x00\x01\xba
    | \x89PNG | \xff\xd8\xff[\xc0-\xfe] | GIF8[79]a | %PDF- | PK\x03\x04 | \x1f\x8b\x08 | <!DOCTYPE
    | <html | <\?xml | \#EXTM3U
    """,
    re.DOTALL | re.VERBOSE,
)

_OGG: Final = b"OggS"
_OGG_LACES: Final = 26
_OGG_CODECS: Final = (b"\1vorbis", b"\x7fFLAC", b"Speex")

# MP2, MP3 and AAC have no signature: a frame begins with set bits, and its size follows from
# the next bits. http://mpgedit.org/mpgedit/mpeg_format/mpeghdr.htm
_ADTS_MASK: Final = 0xFFF6
_ADTS_SYNC: Final = 0xFFF0
_ADTS_HEADER: Final = 7
_MPEG_SYNC: Final = 0xFFE0
_MPEG_1: Final = 3
_LAYER_3: Final = 1
_LAYER_2: Final = 2

# By index; 0 isn't allowed. In kbit/s, by whether the version is 1, and layer.
_LOW_BIT_RATES: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_BIT_RATES: Final = {
    (True, _LAYER_3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (True, _LAYER_2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0),
    (False, _LAYER_3): _LOW_BIT_RATES,
    (False, _LAYER_2): _LOW_BIT_RATES,
}
_SAMPLE_RATES: Final = {
    _MPEG_1: (44_100, 48_000, 32_000, 0),
    2: (22_050, 24_000, 16_000, 0),
    0: (11_025, 12_000, 8_000, 0),
}


def is_media_file(data: bytes) -> bool | None:
    """Return whether a stream that begins like this is a media file; None if it's too short."""
    if len(data) < _NEEDED:
        return None
    if data.startswith(_OGG):
        return _is_ogg_of_another_codec(data)
    if _SIGNATURE.match(data):
        return True
    size = _frame_size(data)
    if size is None:
        return False
    # Samples may look like a frame, but they aren't followed by another one of its kind.
    if len(data) < size + _NEEDED:
        return None
    following = data[size:]
    return following[:2] == data[:2] and _frame_size(following) is not None


def _is_ogg_of_another_codec(data: bytes) -> bool | None:
    """Return whether an OGG stream is of a codec that isn't Opus, by its first packet."""
    if len(data) <= _OGG_LACES:
        return None
    packet = data[_OGG_LACES + 1 + data[_OGG_LACES] :]
    return packet.startswith(_OGG_CODECS) if len(packet) >= _NEEDED else None


def _frame_size(data: bytes) -> int | None:
    """Return the size of the frame of MP2, MP3 or AAC (ADTS) at the beginning, if there's one."""
    sync = int.from_bytes(data[:2])
    if sync & _ADTS_MASK == _ADTS_SYNC:
        size = (int.from_bytes(data[3:6]) >> 5) & 0x1FFF
        return size if size > _ADTS_HEADER else None
    version, layer = sync >> 3 & 3, sync >> 1 & 3
    if sync & _MPEG_SYNC != _MPEG_SYNC or layer not in (_LAYER_2, _LAYER_3):
        return None
    bit_rate = 1000 * _BIT_RATES[version == _MPEG_1, layer][data[2] >> 4]
    sample_rate = _SAMPLE_RATES[version][data[2] >> 2 & 3] if version in _SAMPLE_RATES else 0
    if not bit_rate or not sample_rate:
        return None
    samples = 576 if layer == _LAYER_3 and version != _MPEG_1 else 1152
    return samples // 8 * bit_rate // sample_rate + (data[2] >> 1 & 1)
