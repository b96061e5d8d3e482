#!/bin/sh
# Renders Asterisk's configuration from templates/ into a folder.
#   usage: render.sh FOLDER          (everything else comes from the environment, see README.md in this folder)
# The same script serves `npm run stack`, the tests and the container, so that what is tested is what runs.
set -eu
umask 077

out=${1:?usage: render.sh FOLDER}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

fail() { printf 'render.sh: %s\n' "$1" >&2; exit 2; }

required='ASTERISK_RUN_DIR ASTERISK_MODULES_DIR ASTERISK_DATA_DIR ASTERISK_NODE ASTERISK_SIP_BIND
 ASTERISK_ARI_USER ASTERISK_ARI_PASSWORD ASTERISK_AMI_USER ASTERISK_AMI_PASSWORD'
for name in $required; do
  eval "value=\${$name:-}"
  [ -n "$value" ] || fail "$name is not set. Tried to render the configuration into $out; set it and start again."
done

: "${ASTERISK_SOUNDS_DIR:=$here/sounds}"
: "${ASTERISK_RECORDINGS_DIR:=$ASTERISK_RUN_DIR/recordings}"
: "${ASTERISK_RTP_START:=10000}" "${ASTERISK_RTP_END:=10999}"
: "${ASTERISK_HTTP_BIND_HOST:=127.0.0.1}" "${ASTERISK_HTTP_PORT:=8088}"
: "${ASTERISK_AMI_HOST:=127.0.0.1}" "${ASTERISK_AMI_PORT:=5038}"
: "${ASTERISK_HEP_PORT:=9060}" "${ASTERISK_HEP_HOST:=127.0.0.1}"
: "${ASTERISK_CARRIERS:=}" "${ASTERISK_OVERFLOW:=}"
: "${ASTERISK_HUMAN_PATH_RING_SECONDS:=10}"
: "${ASTERISK_CLAIM_MILLISECONDS:=1000}"
: "${ASTERISK_LANGUAGE:=id}"
: "${ASTERISK_OVERLOAD_TRIGGER:=pjsip_only}"
case $ASTERISK_OVERLOAD_TRIGGER in global | pjsip_only | none) ;; *)
  fail "ASTERISK_OVERLOAD_TRIGGER: '$ASTERISK_OVERLOAD_TRIGGER' is none of global, pjsip_only, none" ;;
esac
: "${ASTERISK_SIP_TLS_BIND:=}" "${ASTERISK_TLS_CERTIFICATE:=}" "${ASTERISK_TLS_KEY:=}"

variables='ASTERISK_RUN_DIR ASTERISK_MODULES_DIR ASTERISK_NODE ASTERISK_SIP_BIND ASTERISK_ARI_USER ASTERISK_ARI_PASSWORD
 ASTERISK_AMI_USER ASTERISK_AMI_PASSWORD ASTERISK_RECORDINGS_DIR ASTERISK_RTP_START ASTERISK_RTP_END
 ASTERISK_HTTP_BIND_HOST ASTERISK_HTTP_PORT ASTERISK_AMI_HOST ASTERISK_AMI_PORT ASTERISK_HEP_HOST ASTERISK_HEP_PORT
 ASTERISK_HUMAN_PATH_RING_SECONDS ASTERISK_CLAIM_MILLISECONDS ASTERISK_LANGUAGE ASTERISK_OVERLOAD_TRIGGER'

mkdir -p "$out" "$ASTERISK_RUN_DIR"
script=$(mktemp "$out/.render.XXXXXX")
trap 'rm -f "$script"' EXIT
for name in $variables; do
  eval "value=\${$name}"
  # A value with a line break or a semicolon could open a section or a comment of its own in the rendered file.
  case $value in *[!A-Za-z0-9._:/@+=,\ -]*) fail "$name holds a character that does not belong there: $value" ;; esac
  printf 's|@%s@|%s|g\n' "$name" "$value" >>"$script"
done

for template in "$here"/templates/*.conf; do
  sed -f "$script" "$template" >"$out/$(basename "$template")"
done

# A made-up call through a carrier's way comes from Asterisk itself, and is known by a secret that only this rendering has.
probe_secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
case $ASTERISK_SIP_BIND in 0.0.0.0:*) probe_at=127.0.0.1:${ASTERISK_SIP_BIND##*:} ;; *) probe_at=$ASTERISK_SIP_BIND ;; esac
printf '\n[globals](+)\nSIAGA_PROBE_AT=%s\nSIAGA_PROBE_SECRET=%s\n' "$probe_at" "$probe_secret" >>"$out/extensions.conf"

# Carriers are known by their address: name=address[,address…], separated by blanks.
for carrier in $ASTERISK_CARRIERS; do
  name=${carrier%%=*}; addresses=${carrier#*=}
  case $name in '' | *[!a-z0-9-]*) fail "carrier name '$name' in ASTERISK_CARRIERS: use a-z, 0-9 and -" ;; esac
  case $addresses in '' | *[!0-9a-fA-F.:/,]*) fail "carrier $name: '$addresses' is not a list of IP addresses" ;; esac
  {
    printf '\n[carrier-%s](carrier)\n' "$name"
    printf 'set_var=SIAGA_CARRIER=%s\n' "$name"
    printf '\n[carrier-%s]\ntype=identify\nendpoint=carrier-%s\nmatch=%s\n' "$name" "$name" "$addresses"
    printf '\n[probe-%s]\ntype=identify\nendpoint=carrier-%s\n' "$name" "$name"
    printf 'match_header=X-Siaga-Probe: %s-%s\n' "$probe_secret" "$name"
  } >>"$out/pjsip.conf"
done

# Phones over TLS, where there is a certificate.
if [ -n "$ASTERISK_SIP_TLS_BIND$ASTERISK_TLS_CERTIFICATE$ASTERISK_TLS_KEY" ]; then
  for name in ASTERISK_SIP_TLS_BIND ASTERISK_TLS_CERTIFICATE ASTERISK_TLS_KEY; do
    eval "value=\$$name"
    [ -n "$value" ] || fail "$name is not set, and phones over TLS need ASTERISK_SIP_TLS_BIND, ASTERISK_TLS_CERTIFICATE and ASTERISK_TLS_KEY. Set all three, or none."
    case $value in *[!A-Za-z0-9._:/@+=,-]*) fail "$name holds a character that does not belong there: $value" ;; esac
  done
  for file in "$ASTERISK_TLS_CERTIFICATE" "$ASTERISK_TLS_KEY"; do
    [ -r "$file" ] || fail "$file cannot be read: Asterisk would start without the transport for phones over TLS."
  done
  {
    printf '\n[transport-tls]\ntype=transport\nprotocol=tls\nmethod=tlsv1_2\n'
    printf 'bind=%s\n' "$ASTERISK_SIP_TLS_BIND"
    printf 'cert_file=%s\npriv_key_file=%s\n' "$ASTERISK_TLS_CERTIFICATE" "$ASTERISK_TLS_KEY"
  } >>"$out/pjsip.conf"
fi

# The overflow trunk takes the callers that no operator here answers: number@host:port of another centre.
if [ -n "$ASTERISK_OVERFLOW" ]; then
  case $ASTERISK_OVERFLOW in *[!A-Za-z0-9.:@+-]* | *@*@*) fail "ASTERISK_OVERFLOW: '$ASTERISK_OVERFLOW' is not number@host:port" ;; esac
  printf '\n[globals](+)\nSIAGA_OVERFLOW=sip:%s\n' "$ASTERISK_OVERFLOW" >>"$out/extensions.conf"
fi

# Asterisk looks for documentation, sounds and the REST description below one data folder.
data=$ASTERISK_RUN_DIR/data
mkdir -p "$data" "$ASTERISK_RUN_DIR/db" "$ASTERISK_RUN_DIR/log/cel-custom" "$ASTERISK_RUN_DIR/spool/monitor" \
  "$ASTERISK_RUN_DIR/run" "$ASTERISK_RUN_DIR/keys" "$ASTERISK_RECORDINGS_DIR"
for part in documentation rest-api static-http; do
  rm -f "$data/$part"; ln -s "$ASTERISK_DATA_DIR/$part" "$data/$part"
done
rm -f "$data/sounds"; ln -s "$ASTERISK_SOUNDS_DIR" "$data/sounds"
