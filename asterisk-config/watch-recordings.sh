#!/bin/sh
# Looks every five seconds how much room the disk of the recordings has. With little of it no new recording begins; with a fifth
# of that left, those that run are stopped, so that Asterisk's own logs and accounts have the rest. With room again new calls
# are recorded. How it stands is written for the controllers to read: `on`, `off` (none begins) or `stopped`, and the megabytes.
#   usage: watch-recordings.sh FOLDER LOW-MEGABYTES FILE ASTERISK [ARGUMENT …]
# On Asterisk's side: recordings begin in the dialplan, which needs no controller, and may be on a disk that controllers do not see.
set -eu
umask 077
folder=${1:?usage: watch-recordings.sh FOLDER LOW-MEGABYTES FILE ASTERISK [ARGUMENT …]}
low=${2:?}
file=${3:?}
shift 3
state=on
said=

while :; do
  free=$(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }') || free=
  case $free in
    '' | *[!0-9]*) ;;
    *)
      before=$state
      if [ "$free" -lt $((low / 5)) ]; then
        state=stopped
      elif [ "$free" -lt "$low" ]; then
        # Those that were stopped are not begun again, and what was just freed may fill again.
        [ "$state" = stopped ] || state=off
      elif [ "$state" != on ] && [ "$free" -lt $((low + low / 10)) ]; then
        :
      else
        state=on
      fi
      # Said again while it is off: Asterisk may have started anew, and then knows nothing of it.
      if [ "$state" != on ] || [ "$said" != on ]; then
        value=on
        [ "$state" = on ] || value=off
        said=
        if timeout 5 "$@" -rx "dialplan set global SIAGA_RECORDING $value" >/dev/null 2>&1 </dev/null; then said=$state; fi
      fi
      if [ "$state" = stopped ] && [ "$before" != stopped ]; then
        timeout 5 "$@" -rx 'core show channels concise' 2>/dev/null </dev/null | cut -d '!' -f 1 | while read -r channel; do
          timeout 5 "$@" -rx "mixmonitor stop $channel" >/dev/null 2>&1 </dev/null || :
        done
      fi
      # Over the old one: on a full disk there is no room for another.
      { printf '%s %s\n' "$state" "$free" 1<>"$file"; } 2>/dev/null || :
      ;;
  esac
  sleep 5
done
