#!/bin/sh
# Renders the configuration from the environment (README.md in this folder) and becomes Asterisk.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

fail() { printf 'entrypoint.sh: %s\n' "$1" >&2; exit 2; }

# A secret may be given as a file instead: NAME_FILE.
for name in ASTERISK_ARI_PASSWORD ASTERISK_AMI_PASSWORD; do
  eval "value=\${$name:-} file=\${${name}_FILE:-}"
  if [ -z "$value" ] && [ -n "$file" ]; then
    [ -r "$file" ] || fail "${name}_FILE: $file cannot be read"
    value=$(cat "$file")
    export "$name=$value"
  fi
done

: "${ASTERISK_RUN_DIR:?entrypoint.sh: ASTERISK_RUN_DIR is not set}"
sh "$here/render.sh" "$ASTERISK_RUN_DIR/etc"

# Warnings and errors also go where the container's log is read.
tail -n 0 -q -F "$ASTERISK_RUN_DIR/log/messages.log" 2>/dev/null &

# Recordings and the call event log hold personal data: they are for Asterisk's own user only.
umask 077
# Beside the call event log, which the controllers read as well.
env -i PATH="$PATH" LC_ALL=C.UTF-8 sh "$here/watch-queues.sh" "$ASTERISK_RUN_DIR/log/cel-custom/queues.txt" \
  asterisk -C "$ASTERISK_RUN_DIR/etc/asterisk.conf" &
env -i PATH="$PATH" LC_ALL=C.UTF-8 sh "$here/watch-recordings.sh" \
  "${ASTERISK_RECORDINGS_DIR:-$ASTERISK_RUN_DIR/recordings}" "${ASTERISK_RECORDINGS_LOW_MEGABYTES:-500}" \
  "$ASTERISK_RUN_DIR/log/cel-custom/recording.txt" asterisk -C "$ASTERISK_RUN_DIR/etc/asterisk.conf" &
# Without the secrets in its environment, and the same wherever it is started from.
exec env -i PATH="$PATH" HOME="$ASTERISK_RUN_DIR" LC_ALL=C.UTF-8 TZ=UTC \
  asterisk -C "$ASTERISK_RUN_DIR/etc/asterisk.conf" -f "$@"
