"""Sphinx: what a figure shows, its alternative text, stands under it too, for those who see and read on a small screen.

Screen readers have the text with the picture already, so the caption is hidden from them.
"""

import html

from docutils import nodes


def add_captions(app, doctree, docname: str) -> None:
    """After every picture in a cell's output, its words."""
    for image in list(doctree.findall(nodes.image)):
        words, place = image.get("alt", ""), image.parent
        while place is not None and "cell_output" not in place.get("classes", []):
            place = place.parent
        if place is not None and words:
            text = f'<p class="w2v2-caption" aria-hidden="true">{html.escape(words)}</p>'
            image.parent.insert(image.parent.index(image) + 1, nodes.raw("", text, format="html"))


def setup(app) -> dict:
    app.connect("doctree-resolved", add_captions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
