"""The whole network."""

import copy
import math
from functools import partial

import pytest
import torch
from torch import nn

from tests.reference import LAYOUTS, TINY, error, ours, pair, theirs
from w2v2course.config import Wav2Vec2Config
from w2v2course.ctc.decoding import greedy_decode
from w2v2course.features import frame_count, normalize
from w2v2course.model import Wav2Vec2ForCTC
from w2v2course.positions import LearnedPositions, SinusoidalPositions, rotate
from w2v2course.vocabulary import Vocabulary

LETTERS = Vocabulary("_|abcdefghi", blank="_")
CLIPS = torch.tensor([4001, 2400, 777])


def batch(seed=0):
    generator = torch.Generator().manual_seed(seed)
    waveforms = torch.randn(3, 4001, generator=generator)
    mask = torch.arange(4001) < CLIPS[:, None]
    return waveforms * mask, mask


@pytest.mark.parametrize("layout", LAYOUTS)
def test_logits_equal_the_reference_in_every_layout(layout):
    here, there = pair(**layout)
    waveforms, mask = batch()
    with torch.no_grad():
        logits, frame_lengths = here(waveforms)
        assert error(logits, there(waveforms).logits) < 1e-5
        assert frame_lengths.tolist() == [12, 12, 12]
        logits, frame_lengths = here(waveforms, CLIPS)
        expected = there(waveforms, attention_mask=mask.long()).logits
        assert frame_lengths.tolist() == [12, 7, 2] == frame_count(CLIPS).tolist()
        real = torch.arange(12) < frame_lengths[:, None]
        assert error(logits[real], expected[real]) < 1e-5


@pytest.mark.parametrize("samples", [400, 401, 719, 720, 5003])
def test_odd_lengths_of_audio(samples):
    here, there = pair(feat_extract_norm="layer", num_conv_pos_embeddings=5)
    waveforms = torch.randn(1, samples)
    with torch.no_grad():
        logits, frame_lengths = here(waveforms)
        assert error(logits, there(waveforms).logits) < 1e-5
    assert frame_lengths.tolist() == [(samples - 400) // 320 + 1]


@pytest.mark.parametrize("layout", [LAYOUTS[0], LAYOUTS[7]])
def test_gradients_equal_the_reference(layout):
    rates = ("hidden_dropout", "activation_dropout", "attention_dropout", "feat_proj_dropout", "final_dropout")
    still = dict.fromkeys((*rates, "layerdrop"), 0.0)
    here, there = pair(**layout, **still)
    waveforms, mask = batch()
    weights = torch.randn(3, 12, 11) * (torch.arange(12) < frame_count(CLIPS)[:, None])[..., None]
    (here.train()(waveforms, CLIPS)[0] * weights).sum().backward()
    (there(waveforms, attention_mask=mask.long()).logits * weights).sum().backward()
    with torch.no_grad():  # their gradients under our names: put in the weights' place, and brought over as such
        for parameter in there.parameters():
            parameter.copy_(parameter.grad if parameter.grad is not None else torch.zeros_like(parameter))
    expected = dict(ours(there, **layout, **still).named_parameters())
    for name, parameter in here.named_parameters():
        if name == "masked_spec_embed":
            assert parameter.grad is None
        elif "k_proj.bias" in name:  # moves all scores of a query alike: truly zero, rounding in both
            assert parameter.grad.abs().max() < 1e-4
        else:
            assert error(parameter.grad, expected[name]) < 1e-4, name


def test_masked_frames_equal_the_reference():
    here, there = pair(feat_extract_norm="layer")
    waveforms, mask = batch()
    masked = torch.zeros(3, 12, dtype=torch.bool)
    masked[0, 3:6] = masked[1, 0] = True
    with torch.no_grad():
        got, frame_lengths = here(waveforms, CLIPS, masked)
        hidden = there.wav2vec2(waveforms, attention_mask=mask.long(), mask_time_indices=masked.clone())
        expected = there.lm_head(hidden.last_hidden_state)
        real = torch.arange(12) < frame_lengths[:, None]
        assert error(got[real], expected[real]) < 1e-5
        assert error(got[0], here(waveforms, CLIPS)[0][0]) > 1e-3


def test_equals_the_reference_at_the_real_base_shape():
    shape = {
        "vocab_size": 32, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "conv_dim": (512,) * 7, "num_conv_pos_embeddings": 128,
        "num_conv_pos_embedding_groups": 16,
    }  # fmt: skip
    from transformers import Wav2Vec2Config as Config
    from transformers import Wav2Vec2ForCTC as Network

    assert Wav2Vec2Config(**TINY | shape) == Wav2Vec2Config()
    torch.manual_seed(0)
    there = Network(Config()).eval()
    here = ours(there, **shape)
    waveforms = torch.randn(1, 22_000)
    with torch.inference_mode():
        assert here.context.positions.chosen_method(torch.empty(1, 68, 768)) == "fft"
        assert error(here(waveforms)[0], there(waveforms).logits) < 1e-5


@pytest.mark.parametrize("norm", ["group", "layer"])
@pytest.mark.parametrize("stable", [False, True])
def test_padding_reaches_real_frames_through_the_group_norm_only(norm, stable):
    here = ours(theirs(feat_extract_norm=norm, do_stable_layer_norm=stable), feat_extract_norm=norm,
                do_stable_layer_norm=stable).double()  # fmt: skip
    waveforms, mask = batch()
    waveforms = waveforms.double()
    with torch.no_grad():
        clean, frame_lengths = here(waveforms, CLIPS)
        noise = waveforms.masked_fill(~mask, math.nan)
        dirty, _ = here(noise, CLIPS)
        for row, frames in enumerate(frame_lengths.tolist()):
            assert torch.equal(clean[row, :frames], dirty[row, :frames])
        longer = torch.cat((waveforms, torch.zeros(3, 3000, dtype=torch.float64)), dim=1)
        padded, _ = here(longer, CLIPS)
        gap = max(error(padded[row, :frames], clean[row, :frames]) for row, frames in enumerate(frame_lengths))
        alone = here(waveforms[2:, :777])[0]
        alone_gap = error(clean[2:, :2], alone)
    if norm == "layer":
        assert gap < 1e-12 and alone_gap < 1e-12
    else:
        assert gap > 1e-3 and alone_gap > 1e-3


def test_autocast_and_meta():
    here, _ = pair(feat_extract_norm="layer")
    waveforms, _ = batch()
    exact, _ = here(waveforms, CLIPS)
    with torch.autocast("cpu", torch.bfloat16):
        half, _ = here(waveforms, CLIPS)
        half.float().sum().backward()
    assert half.dtype == torch.bfloat16
    assert error(half[0].float(), exact[0]) < 0.05
    assert all(
        p.grad is not None and p.grad.dtype == torch.float32 for n, p in here.named_parameters() if "embed" not in n
    )
    logits, frame_lengths = here.to("meta")(waveforms.to("meta"), CLIPS.to("meta"))
    assert logits.is_meta and logits.shape == (3, 12, 11) and frame_lengths.is_meta


def test_on_any_device(device):
    here, there = pair(feat_extract_norm="layer")
    network = Wav2Vec2ForCTC(here.config, LETTERS).eval()
    network.load_state_dict(here.state_dict())
    waveforms, mask = batch()
    masked = torch.zeros(3, 12, dtype=torch.bool, device=device)
    with torch.no_grad():
        logits, frame_lengths = network.to(device)(waveforms.to(device), CLIPS.to(device), masked)
        expected = there(waveforms, attention_mask=mask.long()).logits
    assert logits.device.type == frame_lengths.device.type == device.type
    assert error(logits[0].cpu(), expected[0]) < (1e-5 if device.type == "cpu" else 1e-3)  # TF32
    assert len(network.transcribe(waveforms.to(device), CLIPS.to(device))) == 3


def test_half_width_parameters():
    here, _ = pair(feat_extract_norm="layer")
    waveforms, _ = batch()
    with torch.no_grad():
        exact, _ = here(waveforms, CLIPS)
        half, _ = here.bfloat16()(waveforms.bfloat16(), CLIPS)
    assert half.dtype == torch.bfloat16 and error(half[0].float(), exact[0]) < 0.1


@pytest.mark.parametrize("positions", [None, SinusoidalPositions(32), LearnedPositions(20, 32)])
@pytest.mark.parametrize("turn", [None, rotate])
def test_other_positions(positions, turn):
    network = Wav2Vec2ForCTC(Wav2Vec2Config(**TINY), positions=positions, rotate=turn)
    assert network(batch()[0])[0].shape == (3, 12, 11)


def test_a_copy_answers_alike():
    here, _ = pair()
    waveforms, _ = batch()
    with torch.no_grad():
        assert torch.equal(copy.deepcopy(here)(waveforms)[0], here(waveforms)[0])


def test_no_mask_probability_no_masked_spec_embed():
    network = Wav2Vec2ForCTC(Wav2Vec2Config(**TINY, mask_time_prob=0.0))
    assert network.masked_spec_embed is None
    assert "masked_spec_embed" not in network.state_dict()
    with pytest.raises(ValueError, match="masked needs masked_spec_embed, which this network has not"):
        network(torch.randn(1, 400), masked=torch.ones(1, 1, dtype=torch.bool))


# Text


def speller(**fields):
    """A network whose logits are set by hand: row 0 says "ab b", row 1 "c"."""
    torch.manual_seed(0)
    network = Wav2Vec2ForCTC(Wav2Vec2Config(**TINY | fields), LETTERS)
    paths = ["aa_b__||bb__", "_cc_ddeeffgg"]

    class Head(nn.Module):
        weight = network.head.weight

        def forward(self, hidden):
            labels = torch.tensor([[LETTERS.symbols.index(letter) for letter in path] for path in paths])
            return nn.functional.one_hot(labels, 11)[: len(hidden), : hidden.shape[1]] * 9.0

    network.head = Head()
    return network


def test_transcribe_collapses_and_stops_at_each_clips_end():
    network = speller()
    waveforms = torch.randn(2, 4001)
    assert network.transcribe(waveforms, torch.tensor([4001, 1400])) == ["ab b", "c"]
    assert network.transcribe(waveforms) == ["ab b", "cdefg"]
    assert network.blank == 0


@pytest.mark.parametrize("norm", ["group", "layer"])
@pytest.mark.parametrize("normal", [True, False])
@pytest.mark.parametrize("told", [True, False])
def test_transcribe_does_what_the_preprocessor_says(norm, normal, told):
    network = Wav2Vec2ForCTC(Wav2Vec2Config(**TINY | {"feat_extract_norm": norm}), LETTERS).eval()
    assert network.do_normalize and network.return_attention_mask == (norm == "layer")
    network.do_normalize, network.return_attention_mask = normal, told
    waveforms, mask = batch()
    waveforms = 3 + 2 * waveforms
    seen = []
    network.transcribe(waveforms, CLIPS, lambda *given, blank: seen.append(given) or greedy_decode(*given, blank=blank))
    ((log_probs, frame_lengths),) = seen
    assert frame_lengths.tolist() == [12, 7, 2]
    prepared = normalize(waveforms, CLIPS) if normal else waveforms * mask
    with torch.no_grad():
        expected = network(prepared, CLIPS if told else None)[0].log_softmax(-1)
    assert torch.equal(log_probs, expected)


def test_transcribe_is_in_evaluation_mode_and_puts_each_module_back():
    network = Wav2Vec2ForCTC(Wav2Vec2Config(**TINY | {"hidden_dropout": 0.9}), LETTERS).train()
    network.features.eval()
    modes = [module.training for module in network.modules()]
    waveforms, _ = batch()
    seen = set()
    network.head.register_forward_hook(lambda module, given, result: seen.add((module.training, result.requires_grad)))
    assert network.transcribe(waveforms) == network.transcribe(waveforms)
    assert seen == {(False, False)}
    assert [module.training for module in network.modules()] == modes

    def fail(*_, blank):
        raise RuntimeError("a decoder's own")

    with pytest.raises(RuntimeError, match="a decoder's own"):
        network.transcribe(waveforms, decoder=fail)
    assert [module.training for module in network.modules()] == modes


def test_transcribe_takes_any_decoder():
    network = speller()

    def last_letter(log_probs, lengths, blank, shout):
        assert shout and blank == 0
        return [
            [type(best[0])(best[0].labels[-1:], 0.0, 0.0, (0,))] for best in greedy_decode(log_probs, lengths, blank)
        ]

    assert network.transcribe(torch.randn(2, 4001), decoder=partial(last_letter, shout=True)) == ["b", "g"]


# Bad input


def test_the_blank_is_the_vocabularys():
    network = Wav2Vec2ForCTC(Wav2Vec2Config(**TINY), Vocabulary("|abcdefghi_", blank="_"))
    assert network.blank == network.config.pad_token_id == 10


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda n: n(torch.randn(4001)), ValueError, r"waveforms must have two axes \(B, N\)"),
        (lambda n: n(torch.randn(1, 399)), ValueError, "samples must be at least 400, what one frame sees, but is 399"),
        (
            lambda n: n(torch.randn(2, 500), torch.tensor([500, 399])),
            ValueError,
            r"lengths\[1\] is 399, but must be at least 400: it counts real samples",
        ),
        (lambda n: n(torch.randn(1, 500), torch.tensor([501])), ValueError, "holds only 500 samples"),
        (lambda n: n(torch.randn(1, 500), [500]), TypeError, "lengths must be an integer tensor"),
        (lambda n: n(torch.randn(1, 500).double()), ValueError, "waveforms is torch.float64"),
        (lambda n: n(torch.ones(1, 500).short()), TypeError, "waveforms must hold floating numbers"),
        (lambda n: n([0.0] * 500), TypeError, "waveforms must be a tensor, but is a list"),
        (lambda n: n(torch.randn(1, 500), masked=torch.ones(1, 1)), TypeError, "masked must be a boolean tensor"),
        (
            lambda n: n(torch.randn(1, 500), masked=torch.ones(1, 2, dtype=torch.bool)),
            ValueError,
            r"masked must have one truth value a frame, \(1, 1\), but its shape is \(1, 2\)",
        ),
        (lambda n: n.transcribe(torch.randn(1, 500)), ValueError, "transcribe needs a vocabulary"),
        (
            lambda n: Wav2Vec2ForCTC(n.config, Vocabulary("_ab", 0)),
            ValueError,
            "vocabulary has 3 symbols, but the head",
        ),
    ],
)
def test_bad_input(call, kind, message):
    network = Wav2Vec2ForCTC(Wav2Vec2Config(**TINY))
    with pytest.raises(kind, match=message):
        call(network)


def test_transcribe_refuses_what_forward_refuses():
    network = speller()
    with pytest.raises(ValueError, match=r"two axes \(B, N\)"):
        network.transcribe(torch.randn(500))
    with pytest.raises(ValueError, match=r"lengths\[0\] is 399, but must be at least 400"):
        network.transcribe(torch.randn(1, 500), torch.tensor([399]))
