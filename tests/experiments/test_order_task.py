from itertools import pairwise

import pytest
import torch

from w2v2course.experiments.mirror import backwards, mirror, mirror_error
from w2v2course.experiments.order_task import IGNORED, PHONES, draw_clips


@pytest.fixture
def clips(generator):
    return draw_clips(40, 1, 9, generator)


def phones_of(row, length):
    return torch.unique_consecutive(row[:length]).tolist()


def test_labels_say_phone_and_left_neighbour(clips):
    for row in range(40):
        length = clips.lengths[row]
        phones = phones_of(clips.phones[row], length)
        assert 1 <= len(phones) <= 9 and all(a != b for a, b in pairwise(phones))
        frames = clips.phones[row, :length].tolist()
        place, expected = -1, []
        for t, phone in enumerate(frames):
            if t == 0 or phone != frames[t - 1]:
                place += 1
            left = place > 0 and phones[place - 1] >= PHONES // 2
            right = place + 1 < len(phones) and phones[place + 1] >= PHONES // 2
            expected.append((phone + PHONES * left, phone + PHONES * right))
        assert (
            list(zip(clips.labels[row, :length].tolist(), clips.mirrored[row, :length].tolist(), strict=True))
            == expected
        )


def test_phones_last_two_to_four_frames(clips):
    for row in range(40):
        runs = torch.unique_consecutive(clips.phones[row, : clips.lengths[row]], return_counts=True)[1]
        assert runs.min() >= 2 and runs.max() <= 4


def test_padding_is_empty_and_ignored(clips):
    padding = torch.arange(clips.frames.shape[1]) >= clips.lengths[:, None]
    assert padding.any() and clips.frames[padding].eq(0).all()
    for part in (clips.phones, clips.labels, clips.mirrored):
        assert part[padding].eq(IGNORED).all() and part[~padding].ge(0).all()


def test_the_same_seed_draws_the_same_clips():
    first, second = (draw_clips(3, 4, 12, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first.frames, second.frames) and torch.equal(first.labels, second.labels)


def test_the_phone_can_be_read_off_the_frame(clips):
    clean = draw_clips(40, 4, 9, torch.Generator().manual_seed(1), noise=0.0)
    vectors = torch.stack([clean.frames[clean.phones == phone][0] for phone in range(PHONES)])
    nearest = torch.cdist(clips.frames, vectors[None]).argmin(-1)
    assert nearest[clips.phones >= 0].eq(clips.phones[clips.phones >= 0]).float().mean() > 0.999


def test_to_moves_frames_and_keeps_integers(clips):
    moved = clips.to("meta", torch.float64)
    assert moved.frames.is_meta and moved.frames.dtype == torch.float64
    assert moved.labels.is_meta and moved.labels.dtype == torch.int64


@pytest.mark.parametrize("sizes", [(0, 1, 2), (1, 0, 2), (1, 3, 2), (1, 1, 2, 0.5, (0, 1)), (1, 1, 2, 0.5, (3, 2))])
def test_bad_sizes_get_a_sentence(sizes, generator):
    clips, shortest, longest, *rest = sizes
    with pytest.raises(ValueError, match="must be at least 1 and the least not above the most"):
        draw_clips(clips, shortest, longest, generator, *rest)


# ── the mirror ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_backwards_on_paper():
    x = torch.tensor([[1, 2, 3, 0], [4, 5, 6, 7]])
    assert backwards(x, torch.tensor([3, 4])).tolist() == [[3, 2, 1, 0], [7, 6, 5, 4]]


def test_the_mirror_of_the_mirror_is_the_clip(clips):
    twice = mirror(mirror(clips))
    for part in ("frames", "phones", "labels", "mirrored"):
        assert torch.equal(getattr(twice, part), getattr(clips, part))


def test_mirrored_labels_are_those_of_the_clip_played_backwards(clips):
    reverse = mirror(clips)
    for row in range(40):
        length = clips.lengths[row]
        phones = phones_of(reverse.phones[row], length)
        after_a = [False] + [phone >= PHONES // 2 for phone in phones[:-1]]
        runs = torch.unique_consecutive(reverse.phones[row, :length], return_counts=True)[1]
        expected = torch.repeat_interleave(torch.tensor(after_a), runs)
        assert torch.equal(reverse.labels[row, :length] >= PHONES, expected)


def logits_for(labels):
    return torch.nn.functional.one_hot(labels.clamp(min=0), 2 * PHONES).double()


def test_who_knows_the_order_errs_never(clips):
    answers = {id(clips.frames): clips.labels}

    def oracle(frames, lengths):
        return logits_for(answers.get(id(frames), mirror(clips).labels))

    assert mirror_error(oracle, clips) == 0.0


def test_who_knows_phones_but_no_order_errs_on_exactly_half(clips):
    phones = {id(clips.frames): clips.phones}

    def blind(frames, lengths):
        return logits_for(phones.get(id(frames), backwards(clips.phones, lengths)))

    assert mirror_error(blind, clips) == 0.5


def test_a_random_equivariant_model_errs_on_at_least_half(clips):
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(16, 2, 32, 0.0, batch_first=True).double().eval()
    clips = clips.to(dtype=torch.float64)

    def model(frames, lengths):
        return layer(frames, src_key_padding_mask=torch.arange(frames.shape[1]) >= lengths[:, None])

    assert mirror_error(model, clips) >= 0.5


def test_nothing_contested_gets_a_sentence(generator):
    with pytest.raises(ValueError, match="draw more or longer clips"):
        mirror_error(lambda frames, lengths: frames, draw_clips(2, 1, 1, generator))
