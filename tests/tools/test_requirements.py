"""The pins can be installed wherever the README says that the course works."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]


def test_every_pin_takes_the_oldest_python_that_is_promised():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=") + ".0"  # Debian 12 has 3.11.2
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    asked = {name: distribution(name).metadata.get("Requires-Python") for name in pins}
    assert len(pins) > 100
    assert {name: rule for name, rule in asked.items() if rule and oldest not in SpecifierSet(rule)} == {}
