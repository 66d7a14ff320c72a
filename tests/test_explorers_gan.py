"""The explorers of lesson 17: a duel is the lesson's own and can be gone back in, a quiz counts fairly and gives nothing away, and a walk begins and ends where it says."""

import copy
import json
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_course.explorers.gan import (
    GAMES,
    HEAPS,
    MOVES,
    OWN,
    PRESETS,
    RATES,
    Film,
    Quiz,
    Rules,
    around,
    centres_in,
    duel_charts,
    explore_latents,
    explore_real_or_fake,
    explore_tug_of_war,
    latent,
    measures,
    moved,
    opening,
    paired,
    points_at,
    push,
    settings_of,
    surface,
    told_walk,
    walked,
)
from genai_course.gan import SPREAD, Game, StyleGenerator, clouds, duel, mixed_styles, tally, with_latents
from genai_course.pictures import png_address
from genai_course.training import as_tensors, train

FEW = Rules(clouds, stride=2)


def ask(explorer, serial=1, **moved):
    explorer.request = {**explorer.request, **moved, "serial": serial}
    assert json.dumps(explorer.data, allow_nan=False)
    return explorer.data.get("charts") or explorer.data["problem"]["message"]


def weights(standing): return torch.cat([p.data.flatten() for player in standing.players for p in player.parameters()])


@given(st.lists(st.tuples(*[st.floats(-2, 2).map(lambda number: round(number, 3))] * 2), min_size=1, max_size=9))
def test_typed_centres_are_read(places):
    assert np.array_equal(centres_in("; ".join(f"{x}, {y}" for x, y in places)), np.array(places))


@pytest.mark.parametrize("text", ["", "1", "1, 2, 3", "1, 2; 3", "a, b", "1, 9", "nan, 0", "inf, 0", "1, 1;"])
def test_what_is_no_place_gets_one_line(text):
    with pytest.raises(ValueError, match="^centres: type places as x, y with a semicolon") as caught: centres_in(text)
    assert "\n" not in str(caught.value)


def test_clouds_lie_around_typed_centres_and_depend_on_seed_and_step_alone():
    heap, centres = around(np.array([[-1.0, 0.0], [1.5, 1.0]])), torch.tensor([[-1.0, 0.0], [1.5, 1.0]])
    batches = heap(2000, 3, 0)
    (first,), (second,) = next(batches), next(batches)
    far, nearest = torch.cdist(torch.tensor(first), centres).min(1)
    assert abs(nearest.float().mean() - 0.5) < 0.05 and abs(far.square().mean().sqrt() - SPREAD * 2**0.5) < 0.005
    assert np.array_equal(next(heap(2000, 3, 1))[0], second) and not np.array_equal(first, second)


@pytest.mark.parametrize("name", HEAPS)
def test_heaps_are_streams_that_can_be_gone_on_with(name):
    stream = HEAPS[name](5, 1, 0)
    _, (second,) = next(stream), next(stream)
    assert second.shape == (5, 2) and second.dtype == np.float32 and np.array_equal(next(HEAPS[name](5, 1, 1))[0], second)


def test_a_move_is_the_lessons_training_and_leaves_the_standing_before():
    start = opening(4)
    before = weights(start)
    after = moved(moved(start, FEW, luck=1), FEW._replace(stride=3), luck=1)
    assert torch.equal(weights(start), before) and after.step == 5
    players, optimizers = copy.deepcopy((start.players, start.optimizers))
    optimizers[0].lr, optimizers[1].lr = FEW.discriminator_rate, FEW.generator_rate
    batches = as_tensors(with_latents(clouds(64, 1), 2, 1))
    steps = list(train(batches, *duel(*players, GAMES["relativistic"], optimizers, 0.02, 0.02), steps=5))
    assert torch.equal(weights(after), torch.cat([p.data.flatten() for player in players for p in player.parameters()]))
    assert after.measured["loss of the generator"] == pytest.approx(np.mean([step.losses["generator"] for step in steps[2:]]))


def test_each_rule_is_felt():
    plain = weights(moved(opening(), FEW))
    others = [FEW._replace(game="hinge"), FEW._replace(discriminator_rate=0.01), FEW._replace(generator_rate=0.01), FEW._replace(penalty=0.5), FEW._replace(heap=HEAPS["spiral"])]
    assert all(not torch.equal(weights(moved(opening(), rules)), plain) for rules in others)
    assert not torch.equal(weights(moved(opening(), FEW, luck=1)), plain)


@given(st.integers(0, 1000))
def test_measures_are_counted_pair_by_pair(seed):
    rng = np.random.default_rng(seed)
    real, made = rng.normal(0, 1, (7, 2)).astype(np.float32), rng.normal(0, 1, (7, 2)).astype(np.float32)
    critic = lambda x: x[:, :1].round()  # many scores are equal
    generator = lambda z: torch.tensor(made)
    found = measures(opening()._replace(players=(critic, generator)), lambda size, seed, start: iter([(real,)]))
    pairs = [np.sign(a[0].round() - b[0].round()) / 2 + 0.5 for a in real for b in made]
    near = [[np.hypot(*(a - b)) < 0.2 for b in made] for a in real]
    assert list(found.values()) == pytest.approx([np.mean(pairs), np.mean([any(row) for row in near]), np.mean([any(row) for row in zip(*near, strict=True)])])


def test_a_film_is_gone_back_in_and_replayed():
    film = Film()
    played = [film.look(moment, FEW)[-1] for moment in range(4)]
    assert [standing.step for standing in played] == [0, 2, 4, 6]
    assert film.look(1, FEW)[-1] is played[1] and film.look(3, FEW)[-1] is played[3] and film.look(0, FEW) == [played[0]]


def test_other_rules_go_on_from_where_one_stands():
    film, other = Film(), FEW._replace(game="hinge")
    played = [film.look(moment, FEW)[-1] for moment in range(4)]
    assert film.look(3, other)[-1] is played[3]  # a rule alone plays nothing
    film.look(1, other)
    forked = film.look(2, other)
    assert forked[:2] == played[:2] and torch.equal(weights(forked[2]), weights(moved(played[1], other))) and len(film.standings) == 3
    film.look(0, FEW)
    assert film.look(3, FEW)[-1].step == 4 and film.standings[2].rules == FEW  # as far as the film goes under these rules, and one move


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=12))
def test_one_request_plays_one_move_at_most_and_none_on_the_way_back(requests):
    made, last = [], 12
    film = Film(play=None)
    film.move = lambda standing, rules: made.append(rules) or standing._replace(step=standing.step + 1, rules=rules)
    for moment, other in requests:
        before = len(made)
        standings = film.look(moment, FEW._replace(stride=5) if other else FEW)
        assert len(made) - before <= (moment > last) and len(standings) <= moment + 1 and [standing.step for standing in standings] == [*range(len(standings))]
        last = moment


def test_a_player_that_breaks_is_named_and_the_standing_before_is_kept():
    explorer = explore_tug_of_war({"broken": Game(lambda real, made: (made.mean() - real.mean()) * float("nan"), GAMES["hinge"].generator), **GAMES})
    ask(explorer, 1, moment=1, stride=1)
    assert ask(explorer, 2, moment=2, game="broken") == "the discriminator has weights that are no finite numbers any more since step 2: lower its learning rate, or raise the penalty on slopes"
    assert "Step 1." in ask(explorer, 3, moment=1, game="hinge")[0]["text"]
    assert "Step 2." in ask(explorer, 4, moment=2)[0]["text"]


def test_shades_are_bets_and_arrows_the_slope_of_scores():
    critic, places = opening(2).players[0].double().float(), np.array([[0.3, -0.2], [1.0, 1.5]])
    chances = torch.sigmoid(critic(torch.tensor(places, dtype=torch.float32))[:, 0] - 0.25).detach().numpy()
    assert surface(critic, 0.25)(places) == pytest.approx(2 * chances - 1, abs=1e-6)
    double = copy.deepcopy(critic).double()
    value = lambda place: double(torch.tensor(place)[None]).item()
    slopes = [[(value(place + step) - value(place - step)) / 2e-6 for step in np.eye(2) * 1e-6] for place in places]
    assert push(critic)(places) == pytest.approx(np.array(slopes), abs=1e-4)


def test_the_plane_shows_real_and_made_points_over_a_balanced_surface():
    standings = [opening(), moved(opening(), FEW)]
    words, plane, curves = duel_charts(standings, clouds, arrows=True)
    real, made = points_at(standings[1], clouds)
    assert np.array_equal(plane.points, torch.cat([real, made])) and list(plane.labels) == [0] * 200 + [1] * 200 and plane.kinds == ["real", "made"]
    scores = [2 * np.arctanh(plane.function(points.numpy())).mean() for points in (real, made)]
    assert scores[0] == pytest.approx(-scores[1], abs=1e-5)
    assert words.alt.startswith("Step 2. The discriminator tells ") and "Of the eight clouds" in words.alt and "Its last" not in duel_charts(standings[:1], clouds, False)[0].alt
    assert list(curves.lines) == ["pairs told apart", "real points reached", "made points on target"] and list(curves.x) == [2]
    assert duel_charts(standings, HEAPS["ring"], False)[1].flow is None


def test_the_page_plays_steers_and_begins_anew():
    explorer = explore_tug_of_war()
    words, plane = ask(explorer, 1, stride=1)  # no word of a lag
    assert words["text"].startswith("Step 0.") and len(plane["points"]) == 400 and len(plane["values"]) == 48 and not plane["arrows"]
    words, plane, curves = ask(explorer, 2, moment=1, arrows=True)
    assert words["text"].startswith("Step 1.") and len(plane["arrows"]) == 169 and len(curves["lines"]) == 3
    words, *_, lag = ask(explorer, 3, moment=40, data=OWN, centres="0, 0")
    assert words["text"].startswith("Step 2.") and lag["text"].startswith("The slider is ahead: the game is at move 2,")  # one move at most
    assert ask(explorer, 4, centres="0, 0;").startswith("centres: type places")
    assert ask(explorer, 5, centres="0, 0", luck=1)[0]["text"].startswith("Step 0.")


def test_games_turns_and_heaps_of_ones_own_are_played():
    told = []
    def play(critic, generator, game, optimizers, r1, r2):
        told.append((game, r1, r2))
        return duel(critic, generator, game, optimizers, r1, r2)

    heap = around(np.array([[1.0, 1.0]]))
    explorer = explore_tug_of_war({"mine": GAMES["hinge"]}, play, {"one cloud": heap})
    names = {control["name"]: control for control in explorer.controls}
    assert names["game"]["options"] == ["mine"] and names["data"]["options"] == ["one cloud", OWN] and list(names["like"]["settings"]) == ["as it is"]
    ask(explorer, moment=1, penalty=0.1)
    assert told == [(GAMES["hinge"], 0.1, 0.1)]


def test_presets_move_controls_to_where_they_can_stand():
    explorer = explore_tug_of_war()
    names = {control["name"]: control for control in explorer.controls}
    for rules in settings_of(GAMES).values():
        assert all(value in names[name].get("values", names[name].get("options")) for name, value in rules.items())
    assert list(PRESETS)[:2] == ["a game that holds", "collapse at will"] and names["moment"]["count"] == MOVES and RATES == sorted(RATES)


def after(standing, preset, steps, luck):
    for _ in range(steps // 50): standing = moved(standing, Rules(clouds, **PRESETS[preset], stride=50), luck)
    return standing, tally(points_at(standing, clouds)[1]).covered


@pytest.mark.full
@pytest.mark.parametrize("luck", range(3))
def test_presets_do_what_they_are_called(luck):
    good, covered = after(opening(luck), "a game that holds", 600, luck)
    assert covered >= 7
    poor, covered = after(opening(luck), "collapse at will", 200, luck)
    assert covered < 4 and poor.measured["real points reached"] < 0.3
    assert after(good, "collapse at will", 100, luck)[1] <= 4
    assert after(after(good, "collapse at will", 300, luck)[0], "a game that holds", 500, luck)[1] >= 7
    assert after(opening(luck), "scores that run away", 300, luck)[0].measured["loss of the generator"] > 10
    assert after(opening(luck), "a discriminator that wins", 300, luck)[0].measured["pairs told apart"] > 0.85 > good.measured["pairs told apart"]


@given(st.integers(1, 9), st.integers(0, 50))
def test_no_pair_comes_twice_before_all_have_come(pairs, seed):
    for lap in range(2): assert sorted(paired(lap * pairs + i, pairs, seed).place for i in range(pairs)) == [*range(pairs)]


def test_sides_are_left_to_chance():
    assert 0.4 < np.mean([paired(number, 400).left for number in range(400)]) < 0.6


LEVELS = torch.linspace(-1, 1, 10).view(10, 1, 1, 1).expand(10, 3, 4, 4)
PLAYED = {"real": LEVELS[5:], "made": LEVELS[:5], "real_scores": [0.0, 1.0, 2.0, 3.0, 4.0], "made_scores": [2.0] * 5}


@given(st.lists(st.booleans(), max_size=12))
def test_the_score_is_counted_fairly(lefts):
    quiz, presses = Quiz(**PLAYED, seed=1), [0, 0]
    for left in lefts:
        presses[not left] += 1
        quiz.hear(*presses)
    brighter = [quiz.shown(number)[0].mean() > quiz.shown(number)[1].mean() for number in range(len(lefts))]  # the real ones are
    assert quiz.score()["you"] == sum(left == bright for left, bright in zip(lefts, brighter, strict=True))
    levels = [np.sort(quiz.shown(number).mean((1, 2, 3))) for number in range(len(lefts))]
    places = [[int(np.abs(LEVELS[:, 0, 0, 0] - level).argmin()) for level in pair] for pair in levels]
    assert all(real == made + 5 for made, real in places)
    scores = [PLAYED["real_scores"][made] for made, _ in places]
    assert quiz.score()["discriminator"] == sum((score > 2) + (score == 2) / 2 for score in scores)


def test_the_page_asks_then_tells_and_gives_nothing_away():
    explorer = explore_real_or_fake(**PLAYED)
    words, pair = explorer.data["charts"]
    assert words["text"] == "Round 1: which of the two is real?" and pair["titles"] == ["left", "right"] and "real." in pair["alt"] and len(pair["images"]) == 2
    first = pair["images"]
    bright = first[0] in [png_address(picture.numpy()) for picture in LEVELS[5:]]
    words, pair, before, bars = ask(explorer, left=int(bright), right=int(not bright))
    assert words["text"].startswith(f"Round 1: the {'left' if bright else 'right'} one was real. You were right, the discriminator was ")
    assert before["images"] == first and before["titles"] == (["real", "made"] if bright else ["made", "real"]) and bars["values"][0] == 1
    words, _, _, bars = ask(explorer, 2, left=2, right=2)  # two or three presses that came at once are as many rounds
    assert "You have " in words["text"] and "of 4" in words["text"]


def test_without_a_new_press_there_is_no_new_round():
    explorer = explore_real_or_fake(**PLAYED)
    told = ask(explorer, 1, left=1)[0]["text"]
    assert ask(explorer, 2)[0]["text"] == told


@pytest.mark.parametrize(("name", "wrong"), [("real_scores", [1.0]), ("made_scores", [1.0] * 6), ("real", LEVELS[:0])])
def test_pictures_without_scores_get_one_line(name, wrong):
    with pytest.raises(ValueError, match="a quiz needs as many of each, and one at least: there are"): explore_real_or_fake(**{**PLAYED, name: wrong})


@pytest.fixture(scope="module")
def artist():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        artist = StyleGenerator(classes=2, latent=6, widths=(6, 6, 6, 6))
        for layer in artist.layers: torch.nn.init.constant_(layer.noise, 0.3)
        return artist.eval()


def test_a_walk_begins_and_ends_where_it_says(artist):
    walk = partial(walked, artist, 1, (3, 4), share=0.7, first=len(artist.layers))
    starts, ends = walk(way=0.0), walk(way=1.0)
    assert torch.allclose(starts[0], starts[1], atol=1e-5) and torch.allclose(ends[0], ends[2], atol=1e-5) and not torch.allclose(starts[0], ends[0], atol=1e-3)
    assert torch.equal(walk(way=0.4), walk(way=0.4)) and torch.equal(starts[1:], ends[1:])
    assert latent(artist, 3).shape == (1, 6) and torch.equal(latent(artist, 3), latent(artist, 3))


def test_without_any_distance_all_pictures_are_the_mean_one(artist):
    pictures = walked(artist, 0, (3, 4), 0.3, 0.0, len(artist.layers))
    assert torch.allclose(pictures[0], pictures[1], atol=1e-5) and torch.allclose(pictures[1], pictures[2], atol=1e-5)


def test_layers_that_have_crossed_are_the_ends(artist):
    assert torch.allclose(*walked(artist, 1, (3, 4), 0.2, 1.0, 0)[[0, 2]], atol=1e-5)
    seen = []
    def mix(styles, others, first):
        seen.append((styles, others, first))
        return mixed_styles(styles, others, first)

    walked(artist, 1, (3, 4), 0.0, 1.0, 3, mix=mix)
    (styles, others, first), code = *seen, torch.tensor([1])
    with torch.no_grad(): assert torch.allclose(styles, artist.styles(latent(artist, 3), code), atol=1e-5) and torch.allclose(others, artist.styles(latent(artist, 4), code), atol=1e-5)
    assert first == 3


def test_a_walk_is_told_and_shown(artist):
    assert told_walk(0.5, 0.7, 7, 7) == "50% of the way; styles at 70% of their distance from the mean. No layer has crossed over."
    assert told_walk(0.5, 1.0, 3, 7).endswith("Layers 4 to 7 have the end's style already.")
    words, now, ends = ask(explore_latents(artist, ["cat", "owl"]), moment=10, name="owl", share=1.0, seed=3, last_seed=4)
    assert words["text"].startswith("25% of the way") and ends["titles"] == ["begin", "end"]
    assert now["images"] == [png_address(walked(artist, 1, (3, 4), 0.25, 1.0, len(artist.layers))[0].numpy())]
