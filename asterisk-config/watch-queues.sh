#!/bin/sh
# Writes every five seconds which of Asterisk's queues (task processors) something waits in, for the controllers to read.
#   usage: watch-queues.sh FILE ASTERISK [ARGUMENT …]      (how its console is asked: with -C where it is not the default)
# On Asterisk's side, and not the controllers': whoever may ask Asterisk's console may do everything with it.
set -eu
umask 077
file=${1:?usage: watch-queues.sh FILE ASTERISK [ARGUMENT …]}
shift

while :; do
  # A file is there as a whole or not at all. Of the table only the lines with something in the queue, and the last one,
  # which says that the table is whole.
  if timeout 5 "$@" -rx 'core show taskprocessors' >"$file.all" 2>&1 </dev/null; then
    grep -E '( [1-9][0-9]*( +[0-9]+){5}|^[0-9]+ taskprocessors)$' "$file.all" >"$file.new" && mv "$file.new" "$file" || :
  fi
  sleep 5
done
