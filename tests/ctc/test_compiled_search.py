from itertools import combinations

import numpy as np

from w2v2course.ctc.compiled_search import precedes


def test_precedes_is_the_order_of_tuples():
    """The tree of (), (1,), (1, 2), (1, 2, 1), (3,), (3, 1), each alone or with one label more."""
    parent = np.array([-1, 0, 1, 2, 0, 4])
    label = np.array([-1, 1, 2, 1, 3, 1])
    depth = np.array([0, 1, 2, 3, 1, 2])
    said = [(), (1,), (1, 2), (1, 2, 1), (3,), (3, 1)]
    candidates = [(node, more) for node in range(6) for more in (-1, 1, 2, 3)]
    compared = 0
    for (a, by_a), (b, by_b) in combinations(candidates, 2):
        first = said[a] + ((by_a,) if by_a > 0 else ())
        second = said[b] + ((by_b,) if by_b > 0 else ())
        if first != second:
            assert precedes(a, by_a, b, by_b, parent, label, depth) == (first < second)
            assert precedes(b, by_b, a, by_a, parent, label, depth) == (second < first)
            compared += 1
    assert compared > 200
