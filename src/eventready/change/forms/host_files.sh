#!/bin/sh
# host_files ACTION CHANGE [...]: saves, writes and restores the managed files of a service host.
#
#   save CHANGE          save the files of CHANGE/files: contents by SHA-256, and a list with owner, mode, daemon state
#   arm CHANGE SECONDS   restore them after SECONDS, unless `confirm` comes first
#   confirm CHANGE       stop the timer; revert CHANGE: restore them at once
#   play CHANGE          a playbook begins to write; played CHANGE: it has ended, and the daemons have taken the files
#   close CHANGE         end the playbook's modules, and let no further one start
#   put NAME:PATH running|stopped absent|MODE OWNER GROUP SHA256   write one file, and bring its daemon to that state
#
# Everything is kept beside this file, readable by root only. Renaming `armed` decides between the timer, `confirm` and
# `revert`; a restore that has begun is never cut short.
set -u
umask 077
trap '' HUP
home=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "host_files: $*" >&2
    exit 1
}

hash_of() { sha256sum < "$1" | cut -c-64; }

program() { case $1 in chrony | rsyslog) echo "$1d" ;; *) echo "$1" ;; esac; }

first_pid() { pidof "$(program "$1")" | tr ' ' '\n' | sort -n | head -n 1; }

state_of() { # NAME:PATH, as `put` takes it
    if [ -n "$(first_pid "${1%%:*}")" ]; then daemon=running; else daemon=stopped; fi
    if [ -e "${1#*:}" ]; then
        echo "$1 $daemon $(stat -c '%a %U %G' "${1#*:}") $(hash_of "${1#*:}")"
    else
        echo "$1 $daemon absent"
    fi
}

# --- daemons --------------------------------------------------------------------------------------------------------

remember_command() { # NAME: its command line, for a start without systemd; nginx writes a title before its own
    pid=$(first_pid "$1")
    [ -n "$pid" ] || return 0
    if [ "$1" = nginx ]; then
        tr -d '\0' < "/proc/$pid/cmdline" | sed 's/^nginx: master process //' | tr ' ' '\0' > "$home/commands/$1"
    else
        cp "/proc/$pid/cmdline" "$home/commands/$1"
    fi
}

until_running() { # NAME, at most 1 s; one that ends at once does not run
    tries=0
    while [ -z "$(first_pid "$1")" ] && [ $tries -lt 10 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    sleep 0.1
    [ -n "$(first_pid "$1")" ]
}

stop() {
    if [ -d /run/systemd/system ]; then
        systemctl stop "$1"
        return
    fi
    remember_command "$1"
    tries=0
    while pids=$(pidof "$(program "$1")"); do
        # shellcheck disable=SC2086
        if [ $tries -lt 50 ]; then kill $pids; else kill -KILL $pids; fi 2>/dev/null
        sleep 0.1
        tries=$((tries + 1))
    done
}

start() {
    if [ -d /run/systemd/system ]; then
        systemctl start "$1"
        return
    fi
    [ -s "$home/commands/$1" ] || fail "$1 is stopped, and its command line is unknown"
    starts=0
    while [ $starts -lt 5 ]; do # again: the kernel may not have freed the addresses of the one before
        (umask 022 && xargs -0 setsid -f < "$home/commands/$1" >/dev/null 2>&1)
        until_running "$1" && return 0
        starts=$((starts + 1))
    done
    return 1
}

reload() { # a running daemon takes its files
    case $1 in
        nginx | keepalived)
            if [ -d /run/systemd/system ]; then systemctl reload "$1"; else kill -HUP "$(first_pid "$1")"; fi
            sleep 0.3
            ;;
        chrony) chronyc reload sources >/dev/null ;;
        *) stop "$1" && start "$1" ;;
    esac
}

set_daemon() { # NAME running|stopped
    case $2:$(first_pid "$1") in
        stopped:) ;;
        stopped:*) stop "$1" ;;
        running:) start "$1" ;;
        *) reload "$1" ;;
    esac
}

# --- files ----------------------------------------------------------------------------------------------------------

put() { # NAME:PATH running|stopped absent|MODE OWNER GROUP SHA256
    name=${1%%:*} path=${1#*:} wanted=$2
    : > "$home/stale/$name"
    if [ "$3" = absent ]; then
        rm -f "$path" || fail "$path cannot be removed"
    else
        [ "$(hash_of "$home/objects/$6" 2>/dev/null)" = "$6" ] || fail "the saved content of $path is missing or damaged"
        fresh=${path%/*}/.eventready.$$
        rm -f "${path%/*}"/.eventready.* # of an earlier one that was killed
        cp "$home/objects/$6" "$fresh" && chown "$4:$5" "$fresh" && chmod "$3" "$fresh" && mv -f "$fresh" "$path" || {
            rm -f "$fresh"
            fail "$path cannot be written"
        }
    fi
    set_daemon "$name" "$wanted" || fail "$name does not take $path"
    rm -f "$home/stale/$name"
}

save() { # CHANGE; a list that exists stays: the state before the change
    mkdir -p "$home/objects" "$home/stale" "$home/commands" "$home/$1/writers" || fail "$home cannot be written"
    read -r files < "$home/$1/files" || fail "no files are named for $1"
    for file in $files; do
        remember_command "${file%%:*}"
    done
    [ ! -e "$home/$1/before" ] || return 0
    for file in $files; do
        line=$(state_of "$file")
        if [ -e "${file#*:}" ]; then
            cp "${file#*:}" "$home/objects/part" && [ "$(hash_of "$home/objects/part")" = "${line##* }" ] &&
                mv -f "$home/objects/part" "$home/objects/${line##* }" || fail "${file#*:} cannot be saved"
        fi
        echo "$line"
    done > "$home/$1/before.part" && mv "$home/$1/before.part" "$home/$1/before"
}

restore() { # CHANGE: every saved file, also if one fails
    close "$1"
    bad=""
    while read -r file daemon rest; do
        if [ -e "$home/stale/${file%%:*}" ] || [ "$(state_of "$file")" != "$file $daemon $rest" ]; then
            # shellcheck disable=SC2086
            (put "$file" "$daemon" $rest) </dev/null || bad="$bad ${file#*:}"
        fi
    done < "$home/$1/before"
    [ -z "$bad" ] || fail "not restored:$bad"
}

# --- the playbook ---------------------------------------------------------------------------------------------------

play() {
    read -r files < "$home/$1/files"
    for file in $files; do
        : > "$home/stale/${file%%:*}"
    done
    cat > "$home/$1/python3" <<'PYTHON'
#!/bin/sh
# Python for the modules of one change's playbook, while they may write.
here=${0%/*}
: > "$here/writers/$$"
[ -e "$here/open" ] || exit 75
EVENTREADY_WRITER=$here exec python3 "$@"
PYTHON
    chmod 700 "$home/$1/python3"
    : > "$home/$1/open"
}

played() {
    close "$1"
    read -r files < "$home/$1/files"
    for file in $files; do
        rm -f "$home/stale/${file%%:*}"
    done
}

close() {
    rm -f "$home/$1/open"
    for writer in "$home/$1"/writers/*; do
        [ -e "$writer" ] || continue
        pid=${writer##*/}
        case $(readlink "/proc/$pid/exe") in
            */python*) grep -qz "^EVENTREADY_WRITER=$home/$1\$" "/proc/$pid/environ" && kill -KILL "$pid" ;;
        esac 2>/dev/null
        rm -f "$writer"
    done
}

# --- the timer ------------------------------------------------------------------------------------------------------

arm() { # CHANGE SECONDS
    [ -e "$home/$1/before" ] || fail "nothing is saved for $1"
    if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
        # by default systemd may start a timer's unit a minute late
        systemd-run --quiet --collect --on-active="$2" --timer-property=AccuracySec=100ms --unit="eventready-$1" \
            sh "$home/host_files" fire "$1" &&
            echo "eventready-$1" > "$home/$1/armed"
        return
    fi
    setsid sh "$home/host_files" wait "$1" "$2" </dev/null >/dev/null 2>&1 &
    tries=0
    while [ ! -e "$home/$1/armed" ] && [ $tries -lt 50 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ -e "$home/$1/armed" ] || fail "the timer did not start"
}

end_timer() { # the text of `armed`
    case $1 in
        eventready-*) systemctl stop "$1.timer" ;;
        *) grep -qs host_files "/proc/$1/cmdline" && kill -KILL "-$1" ;; # dash takes no `--`
    esac
    return 0
}

case $1 in
    save | play | played | close) "$1" "$2" ;;
    arm) arm "$2" "$3" ;;
    put) shift && put "$@" ;;
    wait)
        echo $$ > "$home/$2/armed.part" && mv "$home/$2/armed.part" "$home/$2/armed"
        sleep "$3"
        sh "$0" fire "$2"
        ;;
    fire)
        mv "$home/$2/armed" "$home/$2/firing" 2>/dev/null || exit 0
        echo $$ > "$home/$2/firing"
        restore "$2"
        mv "$home/$2/firing" "$home/$2/fired"
        ;;
    confirm)
        timer=$(cat "$home/$2/armed" 2>/dev/null)
        mv "$home/$2/armed" "$home/$2/confirmed" 2>/dev/null || fail "the guard of $2 has fired or is gone"
        end_timer "$timer"
        close "$2"
        ;;
    revert)
        timer=$(cat "$home/$2/armed" 2>/dev/null)
        mv "$home/$2/armed" "$home/$2/reverting" 2>/dev/null || fail "the guard of $2 has fired or is gone"
        echo $$ > "$home/$2/reverting"
        end_timer "$timer"
        restore "$2"
        mv "$home/$2/reverting" "$home/$2/reverted"
        ;;
    *) fail "unknown action $1" ;;
esac
