"""Says in one line that another process of a training is lost: `python -m darkroom.launch.distributed.watchdog`.

Where a training cannot continue, JAX ends its process from within its C++ code, with twenty lines of stack trace and no way to
intervene. So what a process of several writes to stderr goes through this reader, to its end, and those lines become one.
"""

import re
import sys

LINE = (
    "another process of this training has ended or cannot be reached; "
    "the next run resumes from the last checkpoint, if there is one"
)
NEVER = "not all processes of this training came together in time, or two of them had the same number; start all of them again"
MET = "all processes of this training have met"
SIGNS = re.compile(r"gloo|nccl|coordination|heartbeat|peer", re.IGNORECASE)  # of it in an error of JAX
FATAL = "Terminating process because the JAX distributed service"
NOISE = re.compile(r"[IWEF]\d{4} [\d:.]+ .*coordination|Additional GRPC error|:UNKNOWN:Error received from peer", re.IGNORECASE)


def main() -> None:
    """Copies stdin to stderr until JAX ends the process."""
    reported = met = False
    for line in sys.stdin:
        reported = reported or LINE in line
        if line.strip() == MET:
            met = True
            continue
        if FATAL in line:
            if not reported:
                print(LINE if met else NEVER, file=sys.stderr, flush=True)
            sys.stdin.read()
        elif not NOISE.match(line):
            print(line, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
