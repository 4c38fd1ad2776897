"""The command with the tests' own exercises and limits, as a process: python -m tests.grading.mixed SUBMISSIONS …"""

import sys

from tests.grading.conftest import LIMITS
from tests.grading.toy import EXERCISES
from w2v2course.grading import command

if __name__ == "__main__":
    command.run(command._options().parse_args(sys.argv[1:]), EXERCISES, LIMITS)
