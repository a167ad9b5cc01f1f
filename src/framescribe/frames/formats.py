"""Knows which file formats are read, and what a file is that is none of them; opens nothing.

Only formats that hold their pictures themselves are read. Others name further files and hosts, which FFmpeg would open:
playlists (HLS, concat, DASH, SMIL, IMF), numbered pictures (image2), sessions (SDP, RTSP, RTP, SAP), subtitles with
their pictures elsewhere (VobSub), recordings in several files (Magic Lantern), scripts (AviSynth, VapourSynth, SBaGen)
and devices.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

# Names of demuxers in libavformat that open no other file: none of them calls `io_open` by default.
_VIDEO = """
mov mp4 m4a 3gp 3g2 mj2 matroska webm avi flv live_flv kux mpegts mpeg mpegvideo asf ogg rm ivr mxf mxg gxf lxf dv wtv
ty pva nsv nuv nut dhav ifv luodat iv8 lmlm4 mtv pmp h261 h263 h264 hevc vvc evc apv av1 obu ivf vc1 vc1test cavsvideo
avs2 avs3 dirac dnxhd m4v mjpeg mjpeg_2000 mpjpeg smjpeg ingenient yuv4mpegpipe swf film_cpk filmstrip flic bink smk usm
mods moflex roq rpl cine r3d vivo vividas mvi xmv ipmovie cdg anm
lvf
"""
_PICTURES = """
gif apng webp_anim jpegxl_anim gif_pipe jpeg_pipe png_pipe webp_pipe bmp_pipe tiff_pipe jpegxl_pipe jpegls_pipe j2k_pipe
dpx_pipe exr_pipe hdr_pipe pam_pipe pbm_pipe pgm_pipe ppm_pipe qoi_pipe sgi_pipe sunrast_pipe dds_pipe psd_pipe pcx_pipe
"""
# Read so that it can be said that they hold no picture.
_SOUND = "aac ac3 aiff amr ape au caf dts eac3 flac mp3 mpc mpc8 oma tak truehd tta w64 wav wv xwma"

READ = ",".join((_VIDEO + _PICTURES + _SOUND).split())

# How files begin that are no videos: in lower case, after blanks, a byte order mark and an XML declaration.
_LIST = "It is {}, which names other files, and only what you name is opened: name the videos themselves."
_UNPACK = "It is {}, not a video: unpack it."
_ANSWER = (
    "It is {}, not a video; a server may have sent it instead of the file: open its address in a browser to see why."
)
_SIGNS: tuple[tuple[str, str, tuple[bytes, ...]], ...] = (
    (_LIST, "an HLS or M3U playlist", (b"#extm3u",)),
    (_LIST, "an FFmpeg concat script", (b"ffconcat",)),
    (_LIST, "a playlist", (b"[playlist]", b"[reference]", b"<asx", b"<smil")),
    (_LIST, "a manifest of streams", (b"<mpd", b"<smoothstreamingmedia", b"<compositionplaylist")),
    (_LIST, "a description of a session (SDP)", (b"v=0\r", b"v=0\n")),
    (_LIST, "an index of subtitles (VobSub)", (b"# vobsub",)),
    (_LIST, "a part of a Magic Lantern recording", (b"mlvi",)),
    (_UNPACK, "a zip archive", (b"pk\x03\x04", b"pk\x05\x06")),
    (_UNPACK, "compressed with gzip", (b"\x1f\x8b",)),
    (_UNPACK, "compressed with bzip2", (b"bzh",)),
    (_UNPACK, "compressed with xz", (b"\xfd7zxz\0",)),
    (_UNPACK, "compressed with zstd", (b"\x28\xb5\x2f\xfd",)),
    (_UNPACK, "a 7z archive", (b"7z\xbc\xaf\x27\x1c",)),
    (_UNPACK, "a RAR archive", (b"rar!\x1a\x07",)),
    ("It is {}, not a video.", "a PDF", (b"%pdf-",)),
    ("It is {}, not the video: run git lfs pull.", "a Git LFS pointer", (b"version https://git-lfs",)),
    (_ANSWER, "a web page (HTML)", (b"<!doctype html", b"<html", b"<head", b"<body")),
    (_ANSWER, "an error message in XML", (b"<error", b"<errors")),
    (_ANSWER, "JSON", (b'{"', b"[{")),
)
_TAR = "It is a tar archive, not a video: unpack it, or name it .tar."
ENCRYPTED = "It is encrypted (DRM). Only a copy that is not encrypted can be captioned."
_TEXT = "It is a text file, not a video."

# Video and pictures whose bytes may all be printable characters: dark Y4M, Netpbm, ARMovie, multipart JPEG.
_PRINTABLE = re.compile(
    rb"YUV4MPEG2[ \n]|P[1-7][ \t\r\n]+[#0-9W]|ARMovie\n|--[!-~]+\r?\nContent-type: image/", re.IGNORECASE
)


def refusal(head: bytes) -> str | None:
    """Why a file that begins with `head` is plainly no video, as a sentence; None for all others."""
    if _PRINTABLE.match(head):
        return None
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if plain.startswith(b"<?xml"):
        plain = plain.partition(b"?>")[2].lstrip()
    for sentence, what, beginnings in _SIGNS:
        if plain.startswith(beginnings):
            return sentence.format(what)
    if head[257:262] == b"ustar":
        return _TAR
    # FFmpeg takes some text files for sound, for terminal art, or for lists of other files to open.
    return _TEXT if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    try:
        text = getincrementaldecoder("utf-8")().decode(head)  # incremental: the last character may be cut in two
    except UnicodeDecodeError:
        return False
    return all(letter >= " " or letter in "\t\n\r\f\x1b" for letter in text)


def is_scrambled(head: bytes) -> bool:
    """Whether it is a transport stream with encrypted packets (ISO/IEC 13818-1, transport_scrambling_control).

    They may be another program's: this only explains why a file cannot be decoded.
    """
    packets = [head[start : start + 4] for start in range(0, len(head) - 187, 188)]
    return all(packet[0] == 0x47 for packet in packets) and any(packet[3] & 0xC0 for packet in packets)
