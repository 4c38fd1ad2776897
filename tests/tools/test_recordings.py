"""The shipped recordings can be rebuilt to the bit: their encoding does not depend on the processor."""

import json

import pytest

from tools.recordings import AUDIO, MUSIC, compare, configurations

MANIFEST = json.loads((AUDIO / "manifest.json").read_text())


def page(segments: list[bytes]) -> bytes:
    """An Ogg page with these segments."""
    return b"OggS" + bytes(22) + bytes([len(segments), *map(len, segments)]) + b"".join(segments)


def test_configurations_of_packets_over_segments_and_pages():
    """Two headers; a packet of one segment; one that fills a segment and ends in the next; one over two pages."""
    long = bytes([9 << 3]) + bytes(254)
    ogg = page([b"OpusHead"]) + page([b"OpusTags"])
    ogg += page([bytes([4 << 3, 1]), long, b"\0", bytes([16 << 3]) + bytes(254)]) + page([b"\1\2"])
    assert configurations(ogg) == [4, 9, 16]


def test_every_recording_is_encoded_as_speech():
    music = [c["id"] for c in MANIFEST["clips"] if max(configurations((AUDIO / c["file"]).read_bytes())) >= MUSIC]
    assert not music


def test_comparison_names_the_clips_that_differ(capsys):
    compare(MANIFEST, json.loads(json.dumps(MANIFEST)))
    assert "every hash the same" in capsys.readouterr().out
    changed = json.loads(json.dumps(MANIFEST))
    changed["clips"][3]["sha256"] = "0"
    with pytest.raises(SystemExit, match=f"in 1 clips: {MANIFEST['clips'][3]['id']}$"):
        compare(MANIFEST, changed)
    with pytest.raises(SystemExit, match="manifest says"):
        compare(MANIFEST, MANIFEST | {"speaker": "somebody"})
