"""Each test has a progress file of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    "A data folder of this test's own."
    monkeypatch.setenv("GENAI_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "progress.json"


@pytest.fixture
def course():
    "The folder of the course."
    return Path(__file__).parents[2]
