"""The explorers of lesson 10: the chances are the judge's, evidence adds up to the verdict, and a strength of 0 is the model as it was."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from genai_course.explorers.finetuning import explore_adapter, explore_judge, verdict
from genai_course.finetuning import StyleJudge, learning, merged, with_lora
from genai_course.sampling import Reader, generate
from genai_course.tokenizer import CharacterTokenizer
from genai_course.transformer import Cache, NgramGPT

JUDGE = StyleJudge({"cats": "the cat sat on the mat. " * 9, "dogs": "a dog dug in a bog. " * 9, "hens": "ten red hens. " * 9}, smoothing=0.1)
LETTERS = CharacterTokenizer("abcdefgh ")


def adapted():
    torch.manual_seed(0)
    model = NgramGPT(len(LETTERS), layers=1, heads=2, width=8, reach=1)
    for p in model.parameters(): nn.init.normal_(p, std=0.5)
    model = with_lora(model, rank=2)
    for p in learning(model): nn.init.normal_(p, std=0.5)
    return model


def request(**moved): return {"prompt": "abc", "strength": 1.0, "luck": 0, **moved}


@given(st.text("cat dogshenr.", min_size=1, max_size=30).filter(str.strip))
def test_chances_are_those_of_the_judge_for_each_beginning(text):
    seen = verdict(JUDGE, text)
    letters = "".join(letter for _, letter in JUDGE.steps(text))
    for i in range(len(letters)):
        shares = JUDGE.shares(letters[: i + 1])
        assert all(row[i] == pytest.approx(shares[style], abs=1e-9) for style, row in seen["chances"].items())


@given(st.text("cat dogshenr.", min_size=1, max_size=30).filter(str.strip))
def test_the_evidence_adds_up_to_the_verdict(text):
    seen, totals = verdict(JUDGE, text), {style: surprise.sum() for style, surprise in JUDGE.surprises(text).items()}
    assert [totals[seen["first"]], totals[seen["second"]]] == sorted(totals.values())[:2]
    assert sum(seen["evidence"].values()) == pytest.approx(totals[seen["second"]] - totals[seen["first"]], abs=1e-9)
    sizes = np.abs(list(seen["evidence"].values()))
    assert (np.diff(sizes) <= 0).all()


def test_the_judge_on_show_says_what_it_found():
    explorer = explore_judge(JUDGE, "a dog dug")
    assert explorer.data["description"].startswith("After 9 letters: dogs ") and json.dumps(explorer.data, allow_nan=False)
    assert [chart["kind"] for chart in explorer.data["charts"]] == ["words", "bars", "curves", "bars"]
    explorer.request = {"text": "♥"}
    assert "no letter here that the judge knows" in explorer.data["problem"]["message"]


def test_at_each_strength_the_text_is_the_merged_models():
    model = adapted()
    explorer = explore_adapter(model, LETTERS, JUDGE, "abc", length=20)
    for strength in (0.0, 1.0, 1.7):
        explorer.request = request(strength=strength, luck=3)
        reader = Reader(merged(model, strength), Cache)
        written = LETTERS.decode(generate(reader, LETTERS.encode("abc"), 20, generator=torch.Generator().manual_seed(3)))
        words, letters, styles, text = explorer.data["charts"]
        assert text["text"] == "abc" + written and dict(zip(styles["names"], styles["values"], strict=True)) == pytest.approx(JUDGE.shares(written), abs=1e-5)
        p = Reader(merged(model, strength))(LETTERS.encode("abc")).softmax(-1)
        assert letters["values"] == pytest.approx(sorted(p.tolist(), reverse=True)[:8], abs=1e-4)


def test_a_strength_is_merged_once_and_the_model_is_left_as_it_was():
    model, asked = adapted(), []
    def merge(model, strength):
        asked.append(strength)
        return merged(model, strength)

    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    explorer = explore_adapter(model, LETTERS, JUDGE, "abc", length=5, merge=merge)
    for moved in ({"luck": 1}, {"prompt": "h"}, {"strength": 0.5}, {"luck": 2}): explorer.request = request(**moved)
    assert asked == [1.0, 0.5] and all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(("prompt", "said"), [("", "at least one letter"), ("xyz", "not in this tokenizer's alphabet")])
def test_a_beginning_that_cannot_be_read_gets_its_message(prompt, said):
    explorer = explore_adapter(adapted(), LETTERS, JUDGE, "abc", length=5)
    explorer.request = request(prompt=prompt)
    assert said in explorer.data["problem"]["message"]
