"""`python -m tests.consumers SEED CHANGES`: a run with all faults; exits 1 if it broke a promise."""

import sys

import msgspec

from tests.consumers.run import run

if __name__ == "__main__":
    report = run(int(sys.argv[1]), int(sys.argv[2]))
    print(msgspec.json.format(msgspec.json.encode(report)).decode())
    sys.exit(bool(report.broken))
