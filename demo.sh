#!/bin/sh
# The main job on the embedded lab: a province is simulated with seeded faults, audited, scored and reported.
# Rehearses Monday 25/4/2022 07:00, four days before the event.
set -eu

eventready=${EVENTREADY:-eventready}
demo=${DEMO_DIR:-demo-workspace}
export EVENTREADY_NOW="2022-04-25 07:00"

say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
[ -t 2 ] || say() { printf '\n%s\n' "$*" >&2; }

if [ -e "$demo" ]; then
    "$eventready" -w "$demo" lab down 2>/dev/null || true
    rm -rf "$demo"
fi
trap '"$eventready" -w "$demo" lab down 2>/dev/null || true' EXIT INT TERM

say "1. A workspace: the Trà Vinh example"
"$eventready" init "$demo" 2>/dev/null
say "2. A province to rehearse on, with faults that a good audit must find"
"$eventready" -w "$demo" lab up
lab="$demo/.eventready/lab"

say "3. The audit (it only reads; counters are read twice, 5 s apart)"
# Faults are seeded, so 3 (findings) and 4 (something was not measured) are what a good audit says here.
status=0
"$eventready" -w "$lab" audit --interval 5 || status=$?
case $status in 3 | 4) ;; *) echo "the audit ended with exit code $status" >&2; exit 1 ;; esac

say "4. Was every seeded fault found, and nothing that is not there?"
"$eventready" -w "$lab" lab score

say "5. The readiness page, the weekly report with its draft mail, and the duty list"
"$eventready" -w "$lab" report readiness
"$eventready" -w "$lab" report weekly --format docx,pdf,xlsx --eml
"$eventready" -w "$lab" report roster --format docx,pdf

say "6. The clauses of the letter, and what stands behind each"
# 8: on this Monday some deadlines of the example have passed, and it says so.
"$eventready" -w "$lab" duties || [ $? -eq 8 ]
