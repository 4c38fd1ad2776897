from tools import pipeline


def test_the_front_pages_picture_is_what_the_code_draws():
    assert pipeline.PICTURE.read_text(encoding="utf-8") == pipeline.draw(), "run python -m tools.pipeline"


def test_only_chapters_that_exist_are_links():
    linked = {
        line.split('href="chapters/')[1].split(".html")[0] for line in pipeline.draw().splitlines() if "href=" in line
    }
    assert linked and all((pipeline.ROOT / "book" / "sources" / f"{name}.md").exists() for name in linked)
