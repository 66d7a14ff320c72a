"""Every test has a data folder of its own, so that none touches the learner's."""

import pytest


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GENAI_DATA", str(tmp_path_factory.mktemp("data")))
