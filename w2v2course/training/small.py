"""The small wav2vec 2.0 of this course (chapter `listen`): its shape, its symbols, its model card."""

import json
import platform
import time
from dataclasses import asdict
from pathlib import Path

import torch

from w2v2course import speech
from w2v2course.checkpoints import save_checkpoint
from w2v2course.config import Wav2Vec2Config
from w2v2course.model import Wav2Vec2ForCTC
from w2v2course.speech import SplitName
from w2v2course.training.loop import Recipe
from w2v2course.training.metrics import Scores, evaluate
from w2v2course.vocabulary import Vocabulary

# What the card reports on: split to what it is.
REPORTED: dict[SplitName, str] = {
    "test": "1–4 words, synthetic voices of training",
    "test-unseen": "1–4 words, held-out synthetic voices",
    "long": "8–12 words, synthetic voices of training",
    "long-unseen": "8–12 words, held-out synthetic voices",
    "digits": "ten digits recorded by a human, one word each",
}


def small_vocabulary() -> Vocabulary:
    """Fifteen letters that spell the ten digits, the word boundary, the blank."""
    return Vocabulary(["<pad>", "|", *sorted(set("".join(speech.DIGITS)))], blank="<pad>")


def small_config() -> Wav2Vec2Config:
    """About 300,000 weights, frames of 20 ms, a shape that Hugging Face's configuration can name."""
    return Wav2Vec2Config(
        vocab_size=len(small_vocabulary()),
        hidden_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=384,
        conv_dim=(16, 24, 32, 48, 64, 64, 96),
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        num_conv_pos_embeddings=32,
        num_conv_pos_embedding_groups=8,
        layerdrop=0.0,
        final_dropout=0.0,
        mask_time_prob=0.0,
    )


def small_model(seed: int = 0) -> Wav2Vec2ForCTC:
    """The network, untrained."""
    torch.manual_seed(seed)
    return Wav2Vec2ForCTC(small_config(), small_vocabulary())


def finish(model: Wav2Vec2ForCTC, recipe: Recipe, cpu_seconds: float, folder: Path) -> dict[str, Scores]:
    """Score a trained model on every reported split and write the folder that is shipped.

    Args:
        model: trained.
        recipe: how.
        cpu_seconds: what the training cost, in this process.
        folder: gets a Hugging Face checkpoint, ``scores.json`` and the model card ``README.md``.

    Returns:
        Scores by split.
    """
    scores: dict[str, Scores] = {split: evaluate(model, speech.load(split)) for split in REPORTED}
    save_checkpoint(model, folder)
    data = speech.load("train")
    facts = {
        "utterances": len(data),
        "minutes": round(sum(data.samples) / 16_000 / 60),
        "recipe": asdict(recipe),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "cpu_seconds": round(cpu_seconds),
        "torch": torch.__version__.split("+")[0],
        "python": platform.python_version(),
        "machine": platform.machine(),
        "date": time.strftime("%Y-%m-%d"),
        "scores": {
            split: {
                "character_error_rate": round(score.character_error_rate, 4),
                "word_error_rate": round(score.word_error_rate, 4),
                "right": score.right,
                "clips": score.clips,
            }
            for split, score in scores.items()
        },
    }
    (folder / "scores.json").write_text(json.dumps(facts, indent=1) + "\n")
    (folder / "README.md").write_text(card(facts, scores["digits"]), encoding="utf-8")
    return scores


def card(facts: dict, digits: Scores) -> str:
    """The model card, every figure from ``facts``."""
    rows = "\n".join(
        f"| {REPORTED[split]} | {100 * score['character_error_rate']:.1f} | {100 * score['word_error_rate']:.1f} | "
        f"{score['right']} of {score['clips']} |"
        for split, score in facts["scores"].items()
    )
    heard = ", ".join(f"{word}: “{text}”" for word, text in zip(speech.DIGITS, digits.texts, strict=True))
    recipe = facts["recipe"]
    left_out = facts["utterances"] % recipe["batch_size"]
    return f"""---
license: apache-2.0
library_name: transformers
tags: [wav2vec2, ctc, speech, teaching]
---

# A small wav2vec 2.0 that spells digits

The model of the course *The Intuition of Wav2Vec2's Transformer*, small enough to be trained while one reads. Sound at
16 kHz in; letters, word boundaries and blanks out, one guess each 20 ms.

**Shape.** {facts["parameters"]:,} weights: seven convolutions, a grouped convolution for positions, two Transformer
layers (layer norm, pre-norm), a CTC head of {small_config().vocab_size} classes. Trained from random weights; nothing
was pre-trained.

**Data.** {facts["utterances"]:,} synthetic utterances of one to four digits (espeak-ng), {facts["minutes"]} minutes,
varied in speed, tone, silence and noise. No human voice was trained on.

**Recipe.** {recipe["steps"]} updates of {recipe["batch_size"]} clips, AdamW, rate {recipe["learning_rate"]} with
warm-up and cosine, seed {recipe["seed"]}; {facts["cpu_seconds"]:,} CPU-seconds on one thread
(PyTorch {facts["torch"]}, {facts["machine"]}, {facts["date"]}). Made again by `python -m w2v2course.training FOLDER`.
Clips of about one length share a batch; the {left_out} that fill none, mostly the longest, sit out that epoch.

**Errors**, greedy decoding:

| clips | characters wrong, % | words wrong, % | without error |
|---|---|---|---|
{rows}

What it wrote for the recorded human digits: {heard}.

**Limits.** It knows ten words and writes any other as something like them. Held-out voices are
by the same synthesiser, and five of the fifteen have a namesake in training (steph and steph2). Synthetic
voices are easier than people: the last row is one speaker, ten clips, and says little beyond that. It is for teaching,
not for use.
"""
