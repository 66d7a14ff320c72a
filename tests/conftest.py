"""Every test has a data folder of its own, so that none touches the learner's; what `data` has fetched is shared, for nothing writes there."""

import os

import pytest

from genai_course.core import downloads_folder

os.environ["GENAI_DOWNLOADS"] = str(downloads_folder())


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GENAI_DATA", str(tmp_path_factory.mktemp("data")))
