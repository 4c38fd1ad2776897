import pytest
import torch

from w2v2course.experiments.dissociation import dissociate, interior, views
from w2v2course.experiments.listener import CONFIG, Listener, train_listener
from w2v2course.experiments.order_task import draw_clips
from w2v2course.positions import NoPositions, SinusoidalPositions


def test_the_interior_is_out_of_reach_of_both_ends():
    clips = draw_clips(3, 10, 20, torch.Generator().manual_seed(0))
    inside = interior(clips, margin=5)
    for row, length in zip(inside, clips.lengths.tolist(), strict=True):
        assert row.nonzero().flatten().tolist() == list(range(5, length - 5))


def test_views_are_what_the_first_layer_sees():
    torch.manual_seed(0)
    model, clips = Listener().eval(), draw_clips(2, 8, 8, torch.Generator().manual_seed(0))
    seen = {}
    first = model.context.layers[0]
    first.register_forward_pre_hook(lambda _, args: seen.update(placed=args[0]))
    first.attention.q_proj.register_forward_hook(lambda _, args, out: seen.update(queries=out))
    with torch.no_grad():
        model(clips.frames, clips.lengths)
    found = views(model, clips)
    for row, length in enumerate(clips.lengths.tolist()):
        torch.testing.assert_close(found["with positions"][row, :length], seen["placed"][row, :length])
        torch.testing.assert_close(found["queries"][row, :length], seen["queries"][row, :length])


def test_sinusoids_say_where_and_not_who():
    torch.manual_seed(0)
    found = dissociate(Listener(SinusoidalPositions(CONFIG.hidden_size)).eval(), clips=40)
    assert found["with positions"][0] > 0.95 and abs(found["content"][0]) < 0.1
    assert found["with positions"][1] < 0.65


def test_nothing_says_neither():
    torch.manual_seed(0)
    where, who = dissociate(Listener(NoPositions()).eval(), clips=40)["with positions"]
    assert abs(where) < 0.1 and who < 0.65


def test_a_trained_convolution_says_who_and_not_where():
    torch.manual_seed(0)
    found = dissociate(train_listener(Listener(), 150, 0), clips=40)
    where, who = found["with positions"]
    assert abs(where) < 0.1 and who > 0.75
    assert found["content"][1] == pytest.approx(0.55, abs=0.08)
