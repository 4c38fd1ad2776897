"""Submissions are found at any depth under names of their own, and nothing but a plain file is read."""

import os

import pytest

from w2v2course.grading.collect import LARGEST, collect, readable


def test_names_are_paths_and_never_shared(tmp_path):
    names = ["x.ipynb", "x.IPYNB", "a/x.ipynb", "b/x.ipynb", "a b/ε.ipynb"]
    for name in (*names, "b/.ipynb_checkpoints/x.ipynb", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(name)
    found = {submission.name: submission.data.decode() for submission in collect(tmp_path)}
    assert found == {name.removesuffix(".ipynb").removesuffix(".IPYNB"): name for name in names[1:]} | {
        "x": "x.IPYNB",
        "x.ipynb": "x.ipynb",
    }


def test_links_pipes_and_folders_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("theirs")
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "good.ipynb").write_text("mine")
    (folder / "link.ipynb").symlink_to(secret)
    (folder / "peer.ipynb").symlink_to("good.ipynb")
    (folder / "broken.ipynb").symlink_to("nowhere")
    (folder / "loop.ipynb").symlink_to("loop.ipynb")
    (folder / "out.ipynb").symlink_to(tmp_path, target_is_directory=True)
    (folder / "out").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.ipynb")
    with open(folder / "large.ipynb", "wb") as file:
        file.truncate(LARGEST + 1)
    found = {submission.name: submission for submission in collect(folder)}
    assert found.pop("good").data == b"mine"
    assert sorted(found) == ["broken", "large", "link", "loop", "out", "peer", "pipe"]
    assert all(submission.problem and not submission.data for submission in found.values())
    assert "links are not followed" in found["link"].problem and "clear its outputs" in found["large"].problem


def test_names_can_be_printed(tmp_path):
    (tmp_path / os.fsdecode(b"\xff\n\x1b[31m.ipynb")).write_text("")
    assert [submission.name for submission in collect(tmp_path)] == ["\\udcff\\n\\x1b[31m"]
    assert readable("\ud800") == "\\ud800"
    assert readable("Zoë ε\u202e") == "Zoë ε\\u202e"


def test_a_wrong_folder_is_said(tmp_path):
    with pytest.raises(ValueError, match="no folder"):
        collect(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"no \.ipynb"):
        collect(tmp_path)
