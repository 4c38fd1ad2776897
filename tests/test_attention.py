import math

import hypothesis.strategies as st
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings

from w2v2course.attention import SelfAttention, attention, equivariance_gap, invariance_gap

DOUBLE = torch.float64


def random(*shape, seed=0, dtype=DOUBLE):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


# ── the formula ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_on_paper_one_channel():
    # Scores of query 0 are 0·1 and 0·2: equal shares. Of query ln 2: ln 2 and 2 ln 2, so shares 2 : 4.
    query = torch.tensor([[0.0], [math.log(2)]], dtype=DOUBLE)
    key = torch.tensor([[1.0], [2.0]], dtype=DOUBLE)
    value = torch.tensor([[3.0], [9.0]], dtype=DOUBLE)
    context, weights = attention(query, key, value)
    torch.testing.assert_close(weights, torch.tensor([[1 / 2, 1 / 2], [1 / 3, 2 / 3]], dtype=DOUBLE))
    torch.testing.assert_close(context, torch.tensor([[6.0], [7.0]], dtype=DOUBLE))


def test_on_paper_the_scale_is_the_root_of_the_width():
    # Width 4: a dot product of 2 ln 3 becomes ln 3 after division by 2, so shares 3 : 1.
    query = torch.tensor([[1.0, 1.0, 0.0, 0.0]], dtype=DOUBLE)
    key = torch.tensor([[math.log(3), math.log(3), 0.0, 0.0], [0.0, 0.0, 5.0, 5.0]], dtype=DOUBLE)
    _, weights = attention(query, key, key)
    torch.testing.assert_close(weights, torch.tensor([[3 / 4, 1 / 4]], dtype=DOUBLE))


def test_on_paper_padding_gets_no_weight():
    query = torch.zeros(1, 1, 1, dtype=DOUBLE)
    key = torch.tensor([[[1.0], [2.0], [50.0]]], dtype=DOUBLE)
    value = torch.tensor([[[3.0], [9.0], [1000.0]]], dtype=DOUBLE)
    context, weights = attention(query, key, value, torch.tensor([2]))
    assert weights.tolist() == [[[0.5, 0.5, 0.0]]]
    assert context.tolist() == [[[6.0]]]


def test_one_frame_attends_to_itself():
    x = random(1, 1, 5)
    context, weights = attention(x, x, x)
    assert weights.item() == 1.0
    assert torch.equal(context, x)


@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 7), st.integers(1, 9)),
    keys=st.integers(1, 7),
    seed=st.integers(0, 2**20),
)
@settings(deadline=None, max_examples=60)
def test_equals_pytorch_in_float64(shape, keys, seed):
    B, H, T, D = shape
    query, key, value = (
        random(B, H, T, D, seed=seed),
        random(B, H, keys, D, seed=seed + 1),
        random(B, H, keys, 3, seed=seed + 2),
    )
    ours, weights = attention(query, key, value)
    assert (ours - F.scaled_dot_product_attention(query, key, value)).abs().max() < 1e-12
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, H, T, dtype=DOUBLE))

    lengths = torch.randint(1, keys + 1, (B,), generator=torch.Generator().manual_seed(seed))
    ours, _ = attention(query, key, value, lengths)
    allowed = (torch.arange(keys) < lengths[:, None])[:, None, None]
    theirs = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
    assert (ours - theirs).abs().max() < 1e-12


def test_a_row_without_real_frames_is_defined():
    x = random(2, 4, 3)
    context, weights = attention(x, x, x, torch.tensor([0, 4]))
    assert weights[0].eq(0).all() and context[0].eq(0).all()
    torch.testing.assert_close(weights[1].sum(-1), torch.ones(4, dtype=DOUBLE))


def test_whatever_stands_in_the_padding_changes_nothing():
    x, lengths = random(2, 5, 4), torch.tensor([3, 5])
    clean = attention(x, x, x, lengths)[0][0, :3]
    for poison in (0.0, 1e30, math.inf, math.nan):
        dirty = x.clone()
        dirty[0, 3:] = poison
        assert torch.equal(attention(dirty, dirty, dirty, lengths)[0][0, :3], clean)


def test_gradients():
    inputs = [random(2, 4, 3, seed=seed).requires_grad_() for seed in range(3)]
    assert torch.autograd.gradcheck(lambda *qkv: attention(*qkv), inputs)
    lengths = torch.tensor([4, 2])
    assert torch.autograd.gradcheck(lambda *qkv: attention(*qkv, lengths), inputs)


def test_gradients_of_an_empty_row_are_zero_not_nan():
    x = random(1, 3, 2).requires_grad_()
    attention(x, x, x, torch.tensor([0]))[0].sum().backward()
    assert x.grad.eq(0).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([[1.0]], torch.zeros(1, 1), torch.zeros(1, 1)), TypeError, "query must be a tensor, but is a list"),
        ((torch.zeros(3), torch.zeros(3), torch.zeros(3)), ValueError, r"query must have the axes .* is \(3,\)"),
        ((torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(2, 4)), ValueError, "must have one width D"),
        ((torch.zeros(2, 0), torch.zeros(2, 0), torch.zeros(2, 4)), ValueError, "width D of at least 1"),
        (
            (torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(5, 3)),
            ValueError,
            "key and value in the number of frames",
        ),
        (
            (torch.zeros(2, 2, 3), torch.zeros(1, 2, 3), torch.zeros(1, 2, 3)),
            ValueError,
            "every axis before the last two",
        ),
        (
            (torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(2, 3).double()),
            ValueError,
            "query is .*32 and value is .*64",
        ),
        (
            (torch.zeros(2, 3), torch.zeros(2, 3, device="meta"), torch.zeros(2, 3)),
            ValueError,
            "query is on cpu and key on meta",
        ),
        ((torch.zeros(2, 3).long(),) * 3, TypeError, "query must hold floating numbers"),
        ((*(torch.zeros(2, 3),) * 3, torch.tensor([1, 1])), ValueError, r"\(B, ..., T, D\) when lengths are given"),
        (
            (*(torch.zeros(2, 4, 3),) * 3, torch.tensor([1, 9])),
            ValueError,
            r"lengths\[1\] is 9, but the row holds only 4",
        ),
    ],
)
def test_bad_input_gets_a_sentence(arguments, error, message):
    with pytest.raises(error, match=message):
        attention(*arguments)


# ── the layer ────────────────────────────────────────────────────────────────────────────────────────────────────


def layer(dim=8, heads=2, seed=0, **options):
    torch.manual_seed(seed)
    return SelfAttention(dim, heads, **options).double().eval()


@pytest.mark.parametrize("lengths", [None, torch.tensor([5, 2])])
def test_forward_agrees_with_its_own_weights(lengths):
    module, x = layer(), random(2, 5, 8)
    weights = module.weights(x, lengths)
    value = module.v_proj(x).view(2, 5, 2, 4).transpose(1, 2)
    by_hand = module.out_proj((weights @ value).transpose(1, 2).reshape(2, 5, 8))
    assert (module(x, lengths) - by_hand).abs().max() < 1e-12


def test_equals_pytorchs_multi_head_attention():
    module, x, lengths = layer(), random(2, 5, 8), torch.tensor([5, 3])
    peer = torch.nn.MultiheadAttention(8, 2, batch_first=True).double().eval()
    with torch.no_grad():
        for name in ("weight", "bias"):
            parts = [getattr(projection, name) for projection in (module.q_proj, module.k_proj, module.v_proj)]
            getattr(peer, f"in_proj_{name}").copy_(torch.cat(parts))
            getattr(peer.out_proj, name).copy_(getattr(module.out_proj, name))
    padding = torch.arange(5) >= lengths[:, None]
    theirs, weights = peer(x, x, x, key_padding_mask=padding, average_attn_weights=False)
    # Past the lengths our layer has emptied the frames, theirs has not: what padding asks is nobody's concern.
    assert (module(x, lengths) - theirs)[~padding].abs().max() < 1e-12
    ours = module.weights(x, lengths)
    assert (ours - weights).transpose(1, 2)[~padding].abs().max() < 1e-12


def test_each_head_has_its_own_channels():
    module, x = layer(), random(1, 4, 8)
    before = module.weights(x)
    with torch.no_grad():
        module.q_proj.weight[4:] += 1.0  # the second head's queries
    after = module.weights(x)
    assert torch.equal(before[:, 0], after[:, 0]) and not torch.allclose(before[:, 1], after[:, 1])


def test_rotate_sees_queries_and_keys_only():
    seen = []

    def rotate(x):
        seen.append(tuple(x.shape))
        return -x

    module, x = layer(rotate=rotate), random(1, 4, 8)
    turned = module(x)
    module.rotate = None
    assert seen == [(1, 2, 4, 4)] * 2
    torch.testing.assert_close(turned, module(x))  # both signs flip: the scores are the same


def test_padding_is_inert_in_the_layer():
    module, x, lengths = layer(), random(2, 5, 8), torch.tensor([3, 5])
    alone = module(x[:1, :3])
    for poison in (0.0, 1e30, math.nan):
        dirty = x.clone()
        dirty[0, 3:] = poison
        torch.testing.assert_close(module(dirty, lengths)[:1, :3], alone, rtol=0, atol=1e-12)


def test_a_row_without_real_frames_gives_the_output_bias():
    module = layer()
    out = module(random(1, 3, 8), torch.tensor([0]))
    torch.testing.assert_close(out, module.out_proj.bias.expand(1, 3, 8))


def test_layer_gradients():
    module, x = layer(4, 2), random(2, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: module(x, torch.tensor([3, 2])), (x,))


def test_dropout_acts_in_training_only():
    module, x = layer(dropout=0.5), random(1, 6, 8)
    assert torch.equal(module(x), module(x))
    module.train()
    assert not torch.equal(module(x), module(x))


def test_runs_on_meta_and_keeps_dtype(device):
    meta = SelfAttention(8, 2).to("meta")
    x, lengths = torch.zeros(2, 5, 8, device="meta"), torch.zeros(2, dtype=torch.long, device="meta")
    assert meta(x, lengths).shape == (2, 5, 8) and meta.weights(x, lengths).shape == (2, 2, 5, 5)
    module = SelfAttention(8, 2).to(device, torch.float64)
    out = module(random(2, 5, 8).to(device), torch.tensor([5, 1], device=device))
    assert out.dtype == DOUBLE and out.device.type == device.type


def test_runs_under_autocast():
    module = SelfAttention(8, 2)
    with torch.autocast("cpu", torch.bfloat16):
        assert module(random(1, 4, 8, dtype=torch.float32), torch.tensor([3])).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((8, 3), "dim must be a positive multiple of heads, but dim is 8 and heads is 3"),
        ((8, 0), "heads is 0"),
        ((0, 2), "dim is 0"),
        ((8, 2, 1.0), r"dropout must be a probability in \[0, 1\), but is 1.0"),
    ],
)
def test_bad_sizes_get_a_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        SelfAttention(*arguments)


@pytest.mark.parametrize(
    ("x", "lengths", "error", "message"),
    [
        (torch.zeros(5, 8), None, ValueError, "x must have three axes"),
        (torch.zeros(2, 5, 6), None, ValueError, "x must have width D = 8"),
        (torch.zeros(2, 5, 8).double(), None, ValueError, "x is torch.float64 and the module torch.float32"),
        (torch.zeros(2, 5, 8, device="meta"), None, ValueError, "x is on meta and the module on cpu"),
        (torch.zeros(2, 5, 8), torch.tensor([5.0, 1.0]), TypeError, "lengths must hold integers"),
        (torch.zeros(2, 5, 8), torch.tensor([6, 1]), ValueError, r"lengths\[0\] is 6"),
        (torch.zeros(2, 5, 8), torch.tensor([-2, 1]), ValueError, r"lengths\[0\] is -2"),
    ],
)
def test_bad_input_to_the_layer_gets_a_sentence(x, lengths, error, message):
    module = SelfAttention(8, 2)
    for call in (module, module.weights):
        with pytest.raises(error, match=message):
            call(x, lengths)


# ── what order does to it ────────────────────────────────────────────────────────────────────────────────────────


@given(
    B=st.integers(1, 3),
    T=st.integers(1, 9),
    heads=st.sampled_from([1, 2, 4]),
    width=st.integers(1, 3),
    seed=st.integers(0, 2**20),
)
@settings(deadline=None, max_examples=60)
def test_self_attention_is_equivariant_and_invariant_once_pooled(B, T, heads, width, seed):
    module, x = layer(heads * width, heads, seed), random(B, T, heads * width, seed=seed)
    permutation = torch.randperm(T, generator=torch.Generator().manual_seed(seed))
    assert equivariance_gap(module, x, permutation) < 1e-10
    assert invariance_gap(lambda x: module(x).mean(1), x, permutation) < 1e-10
    weights = module.weights(x)
    followed = weights[..., permutation, :][..., permutation]
    torch.testing.assert_close(module.weights(x[:, permutation]), followed, rtol=0, atol=1e-12)


def test_the_gauges_see_what_is_not():
    x, permutation = random(1, 6, 8), torch.tensor([1, 2, 3, 4, 5, 0])
    assert equivariance_gap(lambda x: x.cumsum(1), x, permutation) > 0.1
    assert invariance_gap(layer(), x, permutation) > 0.1


def test_the_gauges_on_paper():
    x = torch.tensor([[[1.0], [3.0]]])
    swap = torch.tensor([1, 0])
    # f adds 0 to the first frame, 1 to the second: f(x) = 1, 4; f(Px) = 3, 2 against P f(x) = 4, 1.
    assert equivariance_gap(lambda x: x + torch.tensor([[0.0], [1.0]]), x, swap) == pytest.approx(1 / 4)
    assert invariance_gap(lambda x: x, x, swap) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("permutation", "error", "message"),
    [
        ([1, 0], TypeError, "permutation must be a tensor of dtype torch.long"),
        (torch.tensor([1.0, 0.0]), TypeError, "permutation must be a tensor of dtype torch.long"),
        (torch.tensor([0, 0]), ValueError, "each of 0 … 1 once"),
        (torch.tensor([0, 1, 2]), ValueError, "for the 2 frames of x"),
    ],
)
def test_a_bad_permutation_gets_a_sentence(permutation, error, message):
    x = torch.zeros(1, 2, 3)
    for gap in (equivariance_gap, invariance_gap):
        with pytest.raises(error, match=message):
            gap(lambda x: x, x, permutation)
