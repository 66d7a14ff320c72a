"""The transformer of lesson 08 against nanoGPT's recipe for CPUs, and its cache against reading everything again.

nanoGPT is in no registry, so its model and its recipe are rebuilt here, in words of our own, at the sizes that its page names.
"""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from genai_course.attention import join_heads, split_heads
from genai_course.cli.benches.measuring import Result, at_most, by_turns, how_much_faster
from genai_course.optimizers import cosine, warm_up
from genai_course.training import Task, Turn, as_tensors, train
from genai_course.transformer import GPT, RECIPES, continued, continued_with_cache, look_back, next_loss, text_loss, tokens_to_learn, windows, writing_task

PEER, REREAD = "nanoGPT's CPU recipe, rebuilt", "without the cache"
STEPS, CONTEXT, BATCH = 2000, 64, 12  # of the peer
GOAL, CACHE_GOAL, SEEN, NEW = 6, 6, 256, 64
BEST_GOAL = 1.47  # in nats a character, on the last tenth of tiny Shakespeare: nanoGPT's recipe for GPUs comes to 1.4697 by its page


class PeerBlock(nn.Module):
    "Layer norms, attention without rotation, GELU: x (B, T, C) to (B, T, C)."
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.norms = heads, nn.ModuleList(nn.LayerNorm(width, bias=False) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.think = nn.Sequential(nn.Linear(width, 4 * width, bias=False), nn.GELU(), nn.Linear(4 * width, width, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (split_heads(part, self.heads) for part in self.qkv(self.norms[0](x)).chunk(3, dim=-1))
        x = x + self.out(join_heads(look_back(q, k, v)))
        return x + self.think(self.norms[1](x))


class Peer(nn.Module):
    "A GPT with learned places, whose head is the table of its tokens: (B, T) to (B, T, vocabulary)."
    def __init__(self, vocabulary: int, layers: int = 4, heads: int = 4, width: int = 128):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(CONTEXT, width)
        self.blocks, self.norm = nn.Sequential(*[PeerBlock(width, heads) for _ in range(layers)]), nn.LayerNorm(width, bias=False)
        for name, p in self.named_parameters():
            if p.ndim == 2: nn.init.normal_(p, std=0.02 / (2 * layers) ** 0.5 if name.endswith(("out.weight", "think.2.weight")) else 0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.places.weight[: tokens.shape[1]]
        return self.norm(self.blocks(x)) @ self.tokens.weight.T


class PeersOptimizer:
    "AdamW with gradients cut to length 1; the rate rises over 100 steps and falls along a cosine to a tenth."
    def __init__(self, model: nn.Module, steps: int):
        matrices, others = ([p for p in model.parameters() if (p.ndim == 2) == wanted] for wanted in (True, False))
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
        self.adam, self.model, self.steps, self.done = torch.optim.AdamW(groups, betas=(0.9, 0.99), fused=True), model, steps, 0

    def zero_grad(self) -> None: self.adam.zero_grad()

    def step(self) -> None:
        for group in self.adam.param_groups: group["lr"] = 1e-3 * warm_up(self.done, 100) * cosine(self.done, self.steps, least=0.1)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.adam.step()
        self.done += 1


def peers_task(text: Path | None, seed: int, steps: int) -> Task:
    "The peer's recipe, on the same characters and windows as ours."
    tokenizer, tokens, unseen = tokens_to_learn(text)
    torch.manual_seed(seed)
    model = Peer(len(tokenizer))
    turn = Turn("loss", partial(next_loss, model), PeersOptimizer(model, steps))
    return Task(model, (turn,), lambda start: as_tensors(windows(tokens, BATCH, CONTEXT, seed, start)), lambda: text_loss(model, torch.as_tensor(unseen), CONTEXT))


def trained(task: Task, steps: int) -> tuple[float, float]:
    "The loss on all the text that was held out, and the seconds of training and of measuring it once."
    began = time.perf_counter()
    for _ in train(task.batches(0), *task.turns, steps=steps): pass
    return task.val_loss(), time.perf_counter() - began


def our_task(text: Path | None, seed: int) -> Task:
    "The recipe of lesson 08 that is fast."
    return writing_task(seed=seed, device="cpu", text=text, **RECIPES["transformer.fast"].settings)


def training(text: Path | None, seeds: int, steps: int) -> Result:
    "How many times faster our recipe is than the peer's; not met unless our loss is as low as the peer's, seed by seed."
    pairs, lower = [], []
    for seed in range(seeds):
        (our_loss, ours), (peers_loss, peers) = trained(our_task(text, seed), RECIPES["transformer.fast"].steps), trained(peers_task(text, seed, steps), steps)
        pairs.append((ours, peers))
        lower.append((our_loss, peers_loss))
    name = "GPT of characters, to a loss of " + ", ".join(f"{ours:.3f} ({peers:.3f})" for ours, peers in lower)
    result = how_much_faster(name, PEER, pairs, GOAL)
    return result if all(ours <= peers for ours, peers in lower) else replace(result, met=False)


def best(text: Path | None, seed: int = 0) -> Result:
    "The loss that the recipe of lesson 08 with the lowest loss comes to, on all the text that was held out."
    recipe = RECIPES["transformer.best"]
    loss, seconds = trained(recipe.make(seed=seed, device="cpu", text=text, **recipe.settings), recipe.steps)
    return at_most(f"best loss of a GPT of characters, in {seconds:.0f} s", loss, "nats a character", [loss, loss], BEST_GOAL)


def cache(repeats: int) -> Result:
    "How many times faster tokens come with a cache, after `SEEN` tokens of context."
    torch.manual_seed(0)
    model, tokens = GPT(65).eval(), torch.randint(65, (1, SEEN))
    pairs = by_turns(lambda: continued_with_cache(model, tokens, NEW), lambda: continued(model, tokens, NEW, context=SEEN + NEW), repeats)
    return how_much_faster(f"{NEW} tokens after {SEEN} with a cache", REREAD, pairs, CACHE_GOAL)
