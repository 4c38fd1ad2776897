"""How much of the race on digits is speed of learning (chapter `race`): one command remakes `race_speed.csv`.

    python -m w2v2course.experiments.digits_speed FOLDER --seeds 1

Three schemes with half and with twice the steps of the race.
"""

import torch

from w2v2course.experiments.digits_race import SCHEMES, STEPS, DigitListener, digit_error, joined, train_digits
from w2v2course.experiments.remake import remake


def run(job: tuple[str, int]) -> dict[str, list[dict]]:
    """Train one scheme with one seed, twice; its rows."""
    scheme, seed = job
    torch.set_num_threads(1)
    positions, turn, _ = SCHEMES[scheme]
    examples, rows = joined("train", 1), []
    tests = {"1": joined("test", 1), "8 to 12 digits, one voice": joined("long", 1)}
    for steps in (STEPS // 2, 2 * STEPS):
        torch.manual_seed(seed)
        model = train_digits(DigitListener(positions(), turn), examples, steps, seed)
        rows += [
            {"clips": name, "digit_error": f"{digit_error(model, test):.4f}"}
            | {"positions": scheme, "seed": seed, "steps": steps}
            for name, test in tests.items()
        ]
    return {"race_speed": rows}


if __name__ == "__main__":
    remake(__doc__, run, ["none", "sinusoids", "convolution"], ["race_speed"])
