import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from w2v2course import speech
from w2v2course.config import Wav2Vec2Config
from w2v2course.model import Wav2Vec2ForCTC
from w2v2course.speech import SpeechDataset
from w2v2course.training.loop import Recipe, batch_loss, train
from w2v2course.training.metrics import evaluate
from w2v2course.vocabulary import Vocabulary

SYMBOLS = ["<pad>", "|", *sorted(set("zeroonetwothreefourfivesixseveneightnine"))]
# Tiny, with dropout, so that the state of chance matters.
SHAPE = {
    "vocab_size": 17,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "layerdrop": 0.0,
    "mask_time_prob": 0.0,
}


def tiny(**changes):
    torch.manual_seed(0)
    return Wav2Vec2ForCTC(Wav2Vec2Config(**SHAPE | changes), Vocabulary(SYMBOLS, blank=0))


def data(count=24):
    clips = [clip for clip in speech.load("validation")[:60] if clip.seconds < 0.7][:count]
    return SpeechDataset(clips, Vocabulary(SYMBOLS, blank=0))


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_the_rate_rises_for_a_tenth_and_falls_to_nothing():
    recipe = Recipe(steps=100, learning_rate=2.0)
    rates = [recipe.rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.2) and max(rates) == rates[9] == pytest.approx(2.0)
    assert rates[9:] == sorted(rates[9:], reverse=True) and rates[-1] == pytest.approx(0.0)


def test_the_loss_is_pytorchs_ctc_a_label():
    model, examples = tiny().eval(), data()
    batch = speech.collate([examples[i] for i in range(4)])
    waveforms, lengths, targets, target_lengths = batch
    from w2v2course.features import normalize

    logits, frames = model(normalize(waveforms, lengths), lengths)
    theirs = torch.nn.functional.ctc_loss(
        logits.log_softmax(-1).transpose(0, 1), targets, frames, target_lengths, reduction="sum"
    )
    torch.testing.assert_close(batch_loss(model, batch), theirs / target_lengths.sum())


def test_training_learns_and_the_same_seed_gives_the_same_weights():
    recipe = Recipe(steps=40, batch_size=6, learning_rate=3e-3, varied=False)
    runs = []
    for _ in range(2):
        model = tiny()
        losses = train(model, data(), recipe)
        runs.append(weights(model))
    assert torch.equal(*runs)
    assert sum(losses[-5:]) / 5 < 0.7 * losses[0]


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path):
    recipe = Recipe(steps=12, batch_size=4)
    whole = tiny()
    train(whole, data(), recipe)

    class Stopped(Exception):
        pass

    def stop(step, loss):
        if step == 7:
            raise Stopped

    with pytest.raises(Stopped):
        train(tiny(), data(), recipe, tmp_path, save_every=3, report=stop)
    rest = tiny()
    losses = train(rest, data(), recipe, tmp_path, save_every=3)
    assert len(losses) == 6, "the last save was after six steps"
    assert torch.equal(weights(rest), weights(whole))
    assert train(rest, data(), recipe, tmp_path) == [], "a finished run has nothing left to do"


def test_another_recipe_in_the_folder_gets_a_sentence(tmp_path):
    train(tiny(), data(), Recipe(steps=1, batch_size=4), tmp_path)
    with pytest.raises(ValueError, match=r"is a run with another recipe .* or choose another folder"):
        train(tiny(), data(), Recipe(steps=2, batch_size=4), tmp_path)


KILLED = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.training.test_loop import *
model = tiny()
train(model, data(), Recipe(steps=30, batch_size=4), Path(sys.argv[1]), save_every=5)
torch.save(weights(model), sys.argv[2])
"""


def test_sigkill_and_resume_give_the_weights_of_an_unbroken_run(tmp_path):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    script = tmp_path / "run.py"
    script.write_text(KILLED.format(root=root))
    run = [sys.executable, str(script)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    broken = subprocess.Popen(
        [*run, tmp_path / "broken", tmp_path / "b.pt"], env=environment, stderr=subprocess.DEVNULL
    )
    for _ in range(600):
        if (tmp_path / "broken" / "training.pt").exists():
            break
        time.sleep(0.1)
    broken.send_signal(signal.SIGKILL)
    broken.wait()
    assert not (tmp_path / "b.pt").exists(), "killed before its end"
    for name, folder in {"b.pt": "broken", "w.pt": "whole"}.items():
        subprocess.run([*run, tmp_path / folder, tmp_path / name], env=environment, check=True, capture_output=True)
    assert torch.equal(torch.load(tmp_path / "b.pt"), torch.load(tmp_path / "w.pt"))


TWO = """
import sys
sys.path.insert(0, {root!r})
import torch.distributed as dist
from tests.training.test_loop import *
dist.init_process_group("gloo")
model = tiny(hidden_dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, final_dropout=0.0)
losses = train(model, data(), Recipe(steps=int(sys.argv[1]), batch_size=6, learning_rate=3e-3, varied=False))
if dist.get_rank() == 0:
    gradients = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    torch.save((gradients, weights(model), losses), sys.argv[2])
dist.destroy_process_group()
"""


def two_processes(tmp_path, steps):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    script, out = tmp_path / "two.py", tmp_path / "two.pt"
    script.write_text(TWO.format(root=root))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run(
        [*command, str(steps), out], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return torch.load(out)


def test_two_processes_have_the_gradient_of_the_whole_batch(tmp_path):
    gradients, _, _ = two_processes(tmp_path, steps=1)
    model = tiny(hidden_dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, final_dropout=0.0)
    train(model, data(), Recipe(steps=1, batch_size=6, learning_rate=3e-3, varied=False))
    alone = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    assert (gradients - alone).abs().max() / alone.abs().max() < 1e-5


def test_two_processes_learn(tmp_path):
    _, _, losses = two_processes(tmp_path, steps=40)
    assert sum(losses[-5:]) / 5 < 0.7 * losses[0]


def test_evaluate_counts_edits():
    clips = speech.load("validation")[:5]

    class Parrot(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def transcribe(self, waveforms, lengths, decoder):
            by_length = {len(clip.waveform): clip.text for clip in clips}
            return [
                "zero" + by_length[n][by_length[n].find(" ") :] if " " in by_length[n] else "zero"
                for n in lengths.tolist()
            ]

    scores = evaluate(Parrot(), clips, batch_size=2)
    words = sum(len(clip.text.split()) for clip in clips)
    wrong = sum(clip.text.split()[0] != "zero" for clip in clips)
    assert scores.word_error_rate == pytest.approx(wrong / words) and scores.right == 5 - wrong
    assert [text.split()[1:] for text in scores.texts] == [clip.text.split()[1:] for clip in clips], (
        "in the clips' order"
    )
    with pytest.raises(ValueError, match="clips is empty"):
        evaluate(Parrot(), [])
