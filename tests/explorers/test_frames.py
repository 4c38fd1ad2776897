import base64
import io
import json
import re

import matplotlib
import pytest
from PIL import Image

from w2v2course.explorers.frames import Frames

matplotlib.use("agg")


def draw(figure, value):
    figure.add_subplot().plot([0, value])


def make(**options):
    return Frames(draw, "height", [1, 2, 5], lambda v: f"A line up to {v}.", **options)


def test_one_object_two_views():
    bundle = make(start=1)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"] == "height: 3 figures. A line up to 2."
    assert 'value="1"' in bundle["text/html"] and 'alt="A line up to 2."' in bundle["text/html"]


def test_the_page_has_every_frame_and_the_same_bytes_each_time():
    page = make()._repr_mimebundle_()["text/html"]
    assert page == make()._repr_mimebundle_()["text/html"]
    trace = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    assert trace["labels"] == ["1", "2", "5"] and len(set(trace["images"])) == 3
    image = Image.open(io.BytesIO(base64.b64decode(trace["images"][0].split(",")[1])))
    assert image.size == (812, 420) and image.mode == "P", "5.8 × 3 inches at 140 dots, few colours"


def test_the_live_view_draws_on_demand():
    frames = make()
    box = frames._live()
    slider, image, text = box.children
    before = image.value
    slider.value = 5
    assert image.value != before and image.value == frames.png(5) and text.value == "A line up to 5."


def test_a_bad_start_gets_a_sentence():
    with pytest.raises(ValueError, match="start must be an index of the 3 values, but is 3"):
        make(start=3)
