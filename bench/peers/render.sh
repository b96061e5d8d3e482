#!/bin/sh
# An Asterisk for a peer: rendered as the project's own, then the peer's dialplan, its phones and its modules in place of ours.
#   usage: render.sh FOLDER   with PEER (queue or bare-ari), PEER_PHONES (how many) and PEER_PHONES_AT (host:port) set
set -eu
out=$1
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
sh "$here/../../asterisk-config/render.sh" "$out"

# What only our controller needs, a peer does not pay for.
sed -i -e '/res_hep/d' -e '/geolocation/d' -e '/app_stasis_broadcast/d' -e '/res_stasis_broadcast/d' "$out/modules.conf"
sed -i -e '/^geoloc_/d' "$out/pjsip.conf"
printf '[general]\nenabled = no\n' >"$out/hep.conf"
printf '[general]\nenabled = no\n' >"$out/manager.conf"
printf '[startup_commands]\n' >"$out/cli.conf"
sed -i -e '/^channelvars/d' "$out/ari.conf"
printf '[general]\n' >"$out/sorcery.conf"

sed -e "s|@RECORDINGS@|$ASTERISK_RECORDINGS_DIR|g" "$here/$PEER.extensions.conf" >"$out/extensions.conf"
case $PEER in
queue)
  printf 'load = app_queue.so\n' >>"$out/modules.conf"
  sed -i -e 's/^\[general\]/[general]\nqueue_log = no/' "$out/logger.conf"
  cat "$here/queue.queues.conf" >"$out/queues.conf"
  ;;
esac
number=1
while [ "$number" -le "$PEER_PHONES" ]; do
  cat >>"$out/pjsip.conf" <<END

[phone-$number]
type=endpoint
context=refused
aors=phone-$number
disallow=all
allow=alaw,ulaw,g722
direct_media=no
rtp_symmetric=yes
send_connected_line=no
[phone-$number]
type=aor
contact=sip:phone-$number@$PEER_PHONES_AT
END
  if [ "$PEER" = queue ]; then printf 'member => PJSIP/phone-%s\n' "$number" >>"$out/queues.conf"; fi
  number=$((number + 1))
done
