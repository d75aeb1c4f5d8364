#!/bin/sh
# reload_daemon.sh NAME reload|restart: has a daemon take its new files on a host without systemd. A daemon that does not
# run is left stopped.
set -eu
case $1 in rsyslog) program=rsyslogd ;; *) program=$1 ;; esac
pids=$(pidof "$program") || exit 0
first=$(for pid in $pids; do echo "$pid"; done | sort -n | head -n 1)
if [ "$2" = reload ]; then
    kill -HUP "$first"
    exit 0
fi
words=$(mktemp)
cp "/proc/$first/cmdline" "$words"
kill $pids
tries=0
while pidof "$program" >/dev/null && [ $tries -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
setsid sh -c 'xargs -0 sh -c '\''exec "$0" "$@"'\'' < "$1"; rm -f "$1"' sh "$words" </dev/null >/dev/null 2>&1 &
sleep 0.5
