#!/bin/bash
# One machine's Ceph with its S3 gateway, in the folder $1, on the ports $2 (monitor) and $3 (S3); $4 and $5
# are the key and its secret. Says `ready`, and is gone with all it started when its input ends.
set -euo pipefail
folder=$1 monitor=$2 port=$3
mkdir -p "$folder"/{mon,osd,run}
pids=()
finish() {
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$folder"
}
trap finish EXIT
fsid=$(cat /proc/sys/kernel/random/uuid)
cat >"$folder/ceph.conf" <<CONF
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$monitor/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
keyring = $folder/keyring
run dir = $folder/run
admin socket = $folder/run/\$name.\$pid.asok
log file = /dev/null
pid file =
mon data = $folder/mon
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
paxos propose interval = 0.05
paxos min wait = 0.01
rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw enable gc threads = false
rgw enable lc threads = false
rgw thread pool size = 32
CONF
conf=(-c "$folder/ceph.conf")
key() { ceph-authtool "$folder/keyring" --gen-key -n "$@"; }
ceph-authtool --create-keyring "$folder/keyring"
key client.admin --cap mon 'allow *' --cap osd 'allow *'
key mon. --cap mon 'allow *'
key osd.0 --cap mon 'allow *' --cap osd 'allow *'
monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$monitor]" "$folder/monmap"
ceph-mon "${conf[@]}" -i a --mkfs --monmap "$folder/monmap"
ceph-mon "${conf[@]}" -i a -f </dev/null & pids+=($!)
osd=$(cat /proc/sys/kernel/random/uuid)
timeout 30 ceph "${conf[@]}" osd new "$osd" 0 </dev/null
timeout 30 ceph "${conf[@]}" auth add osd.0 -i "$folder/keyring" </dev/null
ceph-osd "${conf[@]}" -i 0 --mkfs --osd-uuid "$osd"
ceph-osd "${conf[@]}" -i 0 -f </dev/null & pids+=($!)
timeout 60 radosgw-admin "${conf[@]}" -n client.admin user create --uid=hexedge \
  --display-name=hexedge --access-key="$4" --secret="$5" </dev/null >/dev/null
radosgw "${conf[@]}" -n client.admin -f </dev/null & pids+=($!)
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  kill -0 "${pids[2]}"
  sleep 0.1
done
echo ready
read -r _ || true
