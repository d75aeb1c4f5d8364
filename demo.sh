#!/bin/sh
# The main job on the embedded lab: a province is simulated with seeded faults, audited, scored, changed under guard,
# audited again, reported, and taken back. Rehearses Monday 25/4/2022 07:00, four days before the event.
set -eu

eventready=${EVENTREADY:-eventready}
demo=${DEMO_DIR:-demo-workspace}
export EVENTREADY_NOW="2022-04-25 07:00"

say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
[ -t 2 ] || say() { printf '\n%s\n' "$*" >&2; }

# Faults are seeded, so 3 (findings) and 4 (something was not measured) are what a good audit says here.
audit() {
    status=0
    "$eventready" -w "$lab" audit --interval 5 || status=$?
    case $status in 3 | 4) ;; *) echo "the audit ended with exit code $status" >&2; exit 1 ;; esac
}

if [ -e "$demo" ]; then
    "$eventready" -w "$demo" lab down 2>/dev/null || true
    rm -rf "$demo"
fi
watch="" serve=""
trap 'kill $watch $serve 2>/dev/null || true; "$eventready" -w "$demo" lab down 2>/dev/null || true' EXIT INT TERM

say "1. A workspace: the Trà Vinh example"
"$eventready" init "$demo" --example tra-vinh 2>/dev/null
say "2. A province to rehearse on, with faults that a good audit must find"
"$eventready" -w "$demo" lab up
lab="$demo/.eventready/lab"

say "3. A drill: the uplink of core-2 is lost in silence. How long is the Internet gone?"
# 3: the limit is missed, since nothing watches the route yet.
drill() { # again while it is void (4): the prober waited for a processor
	for _ in 1 2 3; do
		code=0
		"$eventready" -w "$lab" drill run "$1" || code=$?
		[ "$code" -eq 4 ] || break
	done
	return "$code"
}
drill silent-uplink || [ $? -eq 3 ]

say "4. The audit (it only reads; counters are read twice, 5 s apart)"
audit
first=$("$eventready" -w "$lab" runs show latest -o json | sed -n 's/^ "id": "\(.*\)",$/\1/p' | head -n 1)

say "5. Was every seeded fault found, and nothing that is not there?"
"$eventready" -w "$lab" lab score

say "5b. The crowd against the network: where it is short, and what closes the gap"
"$eventready" -w "$lab" network capacity --solve || [ $? -eq 4 ]

say "5c. What if the duct to the temple is cut?"
# 3: something is lost.
"$eventready" -w "$lab" network whatif group road-to-the-temple || [ $? -eq 3 ] || [ $? -eq 4 ]

say "6. Load balancing, backup and priority: what would change on whom, in which order, and what brings it back"
"$eventready" -w "$lab" plan load_balancing backup priority --out "$demo/tonight.plan" > "$demo/tonight.txt"
for device in edge-vh-1 bsc-1 ac-1; do
    sed -n "/^$device  /,/^\$/p" "$demo/tonight.txt" | sed '25{s/.*/.../;q;}'
done
echo "(the whole of it is in $demo/tonight.txt)"
echo
sed -n '/^Order/,$p' "$demo/tonight.txt"

say "7. The change: backed up, under guard, compared, verified, confirmed, saved; one device first, then in waves"
# A lab may shorten the soak. A production network is observed for its hold times before a change is confirmed.
terminal() { # run in a terminal that is closed when the second wave has begun
    python3 -c 'if True:
        import os, pty, sys
        process, screen = pty.fork()
        if process == 0:
            os.execvp(sys.argv[1], sys.argv[1:])
        shown = b""
        while b"Wave 2 of" not in shown:
            shown += os.read(screen, 65536)
        os.close(screen)
        os.waitpid(process, 0)' "$@"
}
terminal "$eventready" -w "$lab" --lang en apply "$demo/tonight.plan" --yes --soak 2s
echo "The terminal was closed when wave 2 had begun. The change goes on; another terminal attaches to it:"
"$eventready" -w "$lab" apply --attach

say "8. The audit again: what the change has mended (a crowded access point, a cell that refused calls, a route)"
EVENTREADY_NOW="2022-04-25 07:20"
audit > "$demo/second.txt"
"$eventready" -w "$lab" runs diff > "$demo/diff.txt" || { cat "$demo/diff.txt"; exit 1; }
cat "$demo/diff.txt"
grep -q '^fixed' "$demo/diff.txt" || { echo "the second audit is no better than the first" >&2; exit 1; }

say "9. Planned once more: nothing is left to change"
"$eventready" -w "$lab" plan load_balancing backup priority --detailed-exitcode > "$demo/again.txt"
tail -n 1 "$demo/again.txt"

say "10. The same drill again, with the backup configuration in force"
drill silent-uplink

say "10b. Two providers announce works. Each is harmless; together they take every venue on the opening night"
"$eventready" -w "$lab" works import "$lab/inventory/notices"
# 3: a service is lost.
"$eventready" -w "$lab" works check > "$demo/works.txt" || [ $? -eq 3 ]
cat "$demo/works.txt"
grep -q "CHG-1182 + south.example/4471.* lost " "$demo/works.txt" || { echo "the works do not collide" >&2; exit 1; }
"$eventready" -w "$lab" works draft 4471 --out "$demo/objection.eml"

say "11. The readiness page, the weekly report with its draft mail, the minutes of the drills, and the duty list"
"$eventready" -w "$lab" report readiness
"$eventready" -w "$lab" report weekly --format docx,pdf,xlsx --eml
"$eventready" -w "$lab" report drill --format docx,pdf
"$eventready" -w "$lab" report roster --format docx,pdf

say "12. The clauses of the letter, and what stands behind each"
# 8: on this Monday some deadlines of the example have passed, and it says so.
"$eventready" -w "$lab" duties || [ $? -eq 8 ]

say "13. The night: the watch reads on, the wall shows a fault, and the shift is called"
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
token=$("$eventready" -w "$lab" serve token demo 2>/dev/null)
wall() {
    python3 -c 'if True:
        import json, sys, urllib.request
        sent = {"Accept-Language": "en", "Authorization": f"Bearer {sys.argv[2]}"}
        asked = urllib.request.Request(sys.argv[1], headers=sent)
        for one in json.load(urllib.request.urlopen(asked))["findings"]:
            if one["device"] == "core-1":
                print("%(since).19s  %(status)s  %(device)s %(check)s: %(message)s" % one)' \
        "http://127.0.0.1:$port/api/v1/findings?status=fail" "$token" 2>/dev/null
}
"$eventready" -w "$lab" watch --for 10m > "$demo/watch.txt" 2>&1 &
watch=$!
"$eventready" -w "$lab" serve --port "$port" > "$demo/serve.txt" 2>&1 &
serve=$!
sleep 10
"$eventready" -w "$lab" lab fault core-1 bfd-down
for _ in $(seq 45); do
    wall | grep -q bfd && break
    sleep 2
done
echo "On the wall of http://127.0.0.1:$port/:"
wall
echo "Who is called:"
"$eventready" -w "$lab" watch alerts explain core-1/bfd
echo "The messages:"
for _ in $(seq 20); do
    grep -e "--really: .*core-1" "$demo/watch.txt" && break
    sleep 1
done
"$eventready" -w "$lab" lab fault core-1 bfd-down --clear
kill "$watch" "$serve"
wait "$watch" "$serve" 2>/dev/null || true

say "14. All of it taken back within seconds, under the same guards; the audit finds again what it found at first"
# Not quite all: a configuration that nobody had saved is saved now.
EVENTREADY_NOW="2022-04-25 07:40"
"$eventready" -w "$lab" rollback latest --yes --fast
rm -r "$lab/inventory/works" # of the first audit nothing was known of them
audit > "$demo/third.txt"
"$eventready" -w "$lab" runs diff "$first" latest
