"""Train the small model of this course: ``python -m w2v2course.training FOLDER``.

A run that was stopped goes on when the same command is given again. On several devices or processes:
``torchrun --nproc-per-node 2 -m w2v2course.training FOLDER``.
"""

import argparse
import json
import os
import resource
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from w2v2course import speech
from w2v2course.training.loop import Recipe, train
from w2v2course.training.small import finish, small_model, small_vocabulary


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m w2v2course.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where training.pt, the checkpoint and its card go")
    parser.add_argument("--steps", type=int, default=Recipe.steps, help="updates of the weights (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=Recipe.batch_size, help="clips an update (%(default)s)")
    parser.add_argument("--learning-rate", type=float, default=Recipe.learning_rate, help="the highest (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights, batches, variations (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (%(default)s: the same sums each time)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = Recipe(
        steps=arguments.steps,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
    )
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if torch.cuda.is_available() else "cpu"
    if "WORLD_SIZE" in os.environ:  # started by torchrun
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    chief = not dist.is_initialized() or dist.get_rank() == 0
    model = small_model(arguments.seed).to(device)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    log = arguments.folder / "losses.jsonl"

    def report(step: int, loss: float) -> None:
        if chief and (step + 1) % 50 == 0:
            with log.open("a") as file:
                file.write(json.dumps({"step": step + 1, "loss": round(loss, 4), "cpu_seconds": round(spent())}) + "\n")

    try:
        train(
            model,
            speech.SpeechDataset(speech.load("train"), small_vocabulary()),
            recipe,
            arguments.folder,
            report=report,
        )
    except ValueError as error:
        sys.exit(str(error))
    if chief:
        for split, scores in finish(model.cpu(), recipe, spent(), arguments.folder).items():
            print(
                f"{split:12} characters wrong {scores.character_error_rate:6.1%}   "
                f"words wrong {scores.word_error_rate:6.1%}   without error {scores.right} of {scores.clips}"
            )
    if dist.is_initialized():
        dist.destroy_process_group()


def spent() -> float:
    """CPU-seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
