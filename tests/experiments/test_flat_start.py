import math

import pytest
import torch

from w2v2course.ctc import ctc_loss
from w2v2course.experiments import flat_start
from w2v2course.experiments.flat_start import VOCABULARY, Speller, habits, label_prior, padded, spelled, train_speller

C = len(VOCABULARY)


@pytest.fixture(scope="module")
def examples():
    return spelled("validation", 48)


def test_a_flat_start_is_flat(examples):
    frames, lengths, _, _ = padded(examples[:4])
    log_probs = Speller()(frames, lengths).log_softmax(-1)
    torch.testing.assert_close(log_probs, torch.full_like(log_probs, -math.log(C)))


def test_a_batch_keeps_each_clip_and_its_letters(examples):
    frames, lengths, targets, target_lengths = padded(examples[:3])
    for row, (clip, target) in enumerate(examples[:3]):
        assert torch.equal(frames[row, : lengths[row]], clip) and not frames[row, lengths[row] :].any()
        start = int(target_lengths[:row].sum())
        assert torch.equal(targets[start : start + target_lengths[row]], target)
    assert len(targets) == target_lengths.sum()


def test_padding_is_not_heard(examples):
    torch.manual_seed(0)
    model = Speller()
    torch.nn.init.normal_(model.head.weight)
    frames, lengths, _, _ = padded(examples[:6])
    assert lengths.min() < lengths.max()
    together = model(frames, lengths)
    for row, (clip, _) in enumerate(examples[:6]):
        torch.testing.assert_close(together[row, : len(clip)], model(clip[None])[0], atol=1e-4, rtol=1e-4)


def test_the_prior_is_the_mean_guess_over_real_frames():
    probs = torch.tensor([[[0.8, 0.2], [0.4, 0.6]], [[0.6, 0.4], [0.0, 1.0]]])
    prior = label_prior(probs.log(), torch.tensor([2, 1]))
    torch.testing.assert_close(prior, torch.tensor([0.6, 0.4]))  # (0.8 + 0.4 + 0.6) / 3: the padded frame is left out


def test_habits_by_hand():
    symbols = dict(zip("ε" + "".join(VOCABULARY.symbols[1:]), range(C), strict=True))
    rows = ["ssεixx", "εsεε"]  # "six" with letters held 2, 1, 2 frames; "s" for one
    lengths = [len(row) for row in rows]
    classes = torch.zeros(2, 6, dtype=torch.long)
    for row, path in enumerate(rows):
        classes[row, : len(path)] = torch.tensor([symbols[symbol] for symbol in path])
    targets = [torch.tensor(VOCABULARY.encode(text)) for text in ("six", "si")]
    clips = [(torch.zeros(T, 80), target) for T, target in zip(lengths, targets, strict=True)]
    found = habits(lambda frames, lengths: torch.nn.functional.one_hot(classes, C).float(), clips)
    assert found.blank == pytest.approx(4 / 10)
    assert found.hold == pytest.approx(6 / 4)
    assert found.error == pytest.approx(1 / 5)


def test_a_model_that_writes_nothing_has_no_letters_to_hold(examples):
    found = habits(Speller(), examples[:4])  # flat: the first class wins, and that is ε
    assert (found.blank, found.hold, found.error) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize("prior_scale", [0.0, 0.25])
def test_the_first_reported_loss_is_that_of_a_flat_start(examples, prior_scale):
    """All classes equal: the prior is flat too, so it only adds a constant a frame."""
    batch = padded([examples[i] for i in flat_start.batch_at(0, [len(f) for f, _ in examples], flat_start.BATCH, 0)])
    frames, lengths, targets, target_lengths = batch
    flat = torch.full((*frames.shape[:2], C), -math.log(C))
    expected = ctc_loss(flat, targets, lengths, target_lengths, reduction="sum")
    expected = (expected - prior_scale * math.log(C) * lengths.sum()) / target_lengths.sum()
    losses = []
    train_speller(Speller(), examples, 1, 0, prior_scale, lambda _, loss: losses.append(loss))
    assert losses[0] == pytest.approx(expected.item(), rel=1e-4)


def test_the_same_seed_learns_the_same_and_a_flood_of_blanks_comes_first(examples):
    models, losses, blanks = [], [], []
    for _ in range(2):
        torch.manual_seed(0)
        model = Speller()

        def report(step, loss, model=model):
            losses.append(loss)
            blanks.append(habits(model, examples).blank if step else 0.0)  # before the first step all classes are equal

        models.append(train_speller(model, examples, 40, 0, report=report))
    assert torch.equal(models[0].head.weight, models[1].head.weight)
    assert losses[39] < 0.6 * losses[0]
    assert max(blanks[:20]) > 0.9 > blanks[39]


def test_priors_hold_blanks_down(examples):
    torch.manual_seed(0)
    with_priors = habits(train_speller(Speller(), examples, 100, 0, 0.5), examples)
    torch.manual_seed(0)
    plain = habits(train_speller(Speller(), examples, 100, 0), examples)
    assert with_priors.blank < plain.blank - 0.2
    assert with_priors.hold > plain.hold
