#!/usr/bin/env bash
# Same bytes: two fresh clones of HEAD run every stage by force; both must end with the same files, and these must be HEAD's.
# In the second one the training of `cnn` is killed first, again and again: in its first epoch, in the middle of writing a
# checkpoint, in its last epoch; it must then have resumed, not restarted from scratch. On another processor
# than the one that made the committed results (benchmarks/results.json), only the two clones must agree. The folder of a
# clone that fails is kept, and named.
set -euo pipefail
root=$(git rev-parse --show-toplevel)
work=$(mktemp -d)

fail() {
    echo "$1; see $work" >&2
    exit 1
}

kill_training() {  # MOMENT, as tests/support/kill.py defines it; 137 is what a shell makes of SIGKILL
    local code=0
    python -m tests.support.kill cnn "$1" | tee "$work/log" || code=$?
    [ "$code" = 137 ] || fail "killing at $1 gave exit code $code"
    echo "killed at $1"
}

check_resumed() {  # EPOCH: the last training resumed in it
    grep -q "^cnn: resumes in epoch $1\$" "$work/log" || fail "it did not resume in epoch $1"
}

for clone in a b; do
    git clone --quiet "$root" "$work/$clone"
    cd "$work/$clone"
    if [ "$clone" = b ]; then
        dvc repro --force preprocess
        kill_training 0.100
        kill_training write.1
        kill_training 6.300
        check_resumed 2
    fi
    echo "clone $clone: every stage"
    dvc repro --force | tee "$work/log"
    [ "$clone" = a ] || check_resumed 7
    git add --all
    git write-tree >"$work/$clone.tree"  # one hash for dvc.lock, which has the hash of every output, and for all that Git holds
done

cmp -s "$work/a.tree" "$work/b.tree" || fail "the two clones differ"
result="the committed bytes both times"
if [ "$(cat "$work/a.tree")" != "$(git rev-parse 'HEAD^{tree}')" ]; then
    cd "$root"
    committed=$(python -c 'import json; print(json.load(open("benchmarks/results.json"))["machine"])')
    here=$(python -m benchmarks.machine)
    [ "${here%%,*}" != "${committed%%,*}" ] || fail "not the committed bytes: $(git -C "$work/b" diff --cached --stat HEAD)"
    result="the same bytes both times; the committed ones are of ${committed%%,*}, this is ${here%%,*}"
fi
rm -rf "$work"
echo "proved: two clones, every stage forced, one of them killed three times: $result"
