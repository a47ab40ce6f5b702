# mount.sh SOURCE OPTIONS: mounts an export where all tasks of the node find it. A node that boots anew runs this again.
set -eu
export DEBIAN_FRONTEND=noninteractive
command -v mount.nfs >/dev/null || { apt-get update && apt-get install -y --no-install-recommends nfs-common; }
folder=$AZ_BATCH_NODE_SHARED_DIR/nfs
mkdir -p "$folder"
mountpoint -q "$folder" || mount -t nfs -o "$2" "$1" "$folder"
# Tasks are ordinary users: they need a server whose export they may write to.
df "$folder"
