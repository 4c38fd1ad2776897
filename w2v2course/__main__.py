"""The command line: `python -m w2v2course`, or `w2v2course` where the package is installed."""

import sys


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] == "grade":
        from w2v2course.grading.command import main as grade

        grade(arguments[1:])
        return
    print(__doc__)


if __name__ == "__main__":
    main()
