from w2v2course.experiments import digits_race, digits_speed


def test_each_model_is_trained_with_half_and_with_twice_the_steps(monkeypatch):
    few = digits_race.joined("validation", 1)[:64]
    monkeypatch.setattr(digits_speed, "joined", lambda split, times: few)
    monkeypatch.setattr(digits_speed, "STEPS", 4)
    rows = digits_speed.run(("convolution", 0))["race_speed"]
    assert [(row["steps"], row["clips"]) for row in rows] == [
        (steps, clips) for steps in (2, 8) for clips in ("1", "8 to 12 digits, one voice")
    ]
    assert rows[0]["digit_error"] == rows[1]["digit_error"] and float(rows[0]["digit_error"]) > 0
