#!/bin/sh
# Renders the configuration of an Asterisk that is a softphone: registered over TLS, with SRTP, it answers, says a tone and
# records what it hears. Reads SOFTPHONE_* beside what asterisk-config/render.sh reads.
set -eu
out=$1
certificate=$ASTERISK_TLS_CERTIFICATE key=$ASTERISK_TLS_KEY
ASTERISK_SIP_TLS_BIND= ASTERISK_TLS_CERTIFICATE= ASTERISK_TLS_KEY= sh "$SOFTPHONE_RENDER" "$out"
printf 'load = res_pjsip_outbound_registration.so\nload = app_playtones.so\n' >>"$out/modules.conf"
cat >"$out/pjsip.conf" <<EOF
[transport-tls]
type=transport
protocol=tls
method=tlsv1_2
bind=127.0.0.1:0
cert_file=$certificate
priv_key_file=$key

[desk]
type=auth
auth_type=userpass
username=$SOFTPHONE_USERNAME
password=$SOFTPHONE_PASSWORD

[desk]
type=registration
transport=transport-tls
outbound_auth=desk
server_uri=sip:$SOFTPHONE_REGISTRAR\\;transport=tls
client_uri=sip:$SOFTPHONE_USERNAME@$SOFTPHONE_REGISTRAR\\;transport=tls
contact_user=phone
retry_interval=2

[centre]
type=endpoint
context=phone
transport=transport-tls
disallow=all
allow=ulaw
media_encryption=sdes
direct_media=no

[centre]
type=identify
endpoint=centre
match=127.0.0.1
EOF
cat >"$out/extensions.conf" <<EOF
[phone]
exten => _!,1,Answer()
 same => n,MixMonitor($ASTERISK_RECORDINGS_DIR/phone.wav,r($ASTERISK_RECORDINGS_DIR/heard.wav))
 same => n,Playtones($SOFTPHONE_TONE)
 same => n,Wait(60)
EOF
