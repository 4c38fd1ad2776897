import torch

from w2v2course.experiments.listener import Listener, frame_errors, train_listener
from w2v2course.experiments.mirror import mirror_error
from w2v2course.experiments.order_task import CLASSES, draw_clips
from w2v2course.positions import NoPositions, rotate


def test_shapes_and_padding():
    torch.manual_seed(0)
    model, clips = Listener().eval(), draw_clips(4, 3, 9, torch.Generator().manual_seed(0))
    logits = model(clips.frames, clips.lengths)
    assert logits.shape == (*clips.labels.shape, CLASSES)
    shortest = int(clips.lengths.argmin())
    length = int(clips.lengths[shortest])
    alone = model(clips.frames[shortest : shortest + 1, :length])
    torch.testing.assert_close(logits[shortest, :length], alone[0], rtol=1e-4, atol=1e-5)


def test_training_learns_the_phone_and_rotation_is_used():
    losses = []
    torch.manual_seed(0)
    train_listener(Listener(NoPositions(), rotate=rotate), 60, 0, lambda _, loss: losses.append(loss))
    assert losses[-1] < 1.0 < 2.0 < losses[0]


def test_the_same_seed_trains_the_same_model():
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        runs.append(train_listener(Listener(), 5, 1).head.weight)
    assert torch.equal(*runs)


def test_without_positions_the_mirror_test_is_failed_and_with_the_convolution_passed():
    test = draw_clips(32, 4, 12, torch.Generator().manual_seed(9)).to(dtype=torch.float64)
    torch.manual_seed(0)
    blind = train_listener(Listener(NoPositions()), 60, 0).double()
    assert mirror_error(blind, test) >= 0.5
    torch.manual_seed(0)
    convolved = train_listener(Listener(), 150, 0)
    assert mirror_error(convolved.double(), test) < 0.25


def test_errors_are_by_frame_and_the_same_clips_each_time():
    class Zero(torch.nn.Module):
        def forward(self, frames, lengths):
            return torch.nn.functional.one_hot(torch.zeros(frames.shape[:2], dtype=torch.long), CLASSES)

    wrong = frame_errors(Zero(), (24, 24), clips=16)
    test = draw_clips(16, 24, 24, torch.Generator().manual_seed(1024))
    assert torch.equal(wrong.isnan(), test.labels < 0)
    assert wrong.nanmean().item() == (test.labels[test.labels >= 0] != 0).double().mean().item()
