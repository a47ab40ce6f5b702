# run.sh PROCESSES PROGRAM: the first container runs this, once all of them let each other in.
set -eu
hosts=
count=0
for host in $(echo "$AZ_BATCH_HOST_LIST" | tr , ' '); do
    hosts=$hosts$host:$1,
    count=$((count + $1))
done
# Names of nodes need not be known to the other nodes; addresses are. Every node has a bridge, docker0, of the same address.
export FI_PROVIDER=tcp FI_TCP_IFACE=eth0
# Processes begin in the folder that all nodes have; this node's working directory the others have not.
exec mpiexec -launcher ssh -iface eth0 -localhost "${AZ_BATCH_HOST_LIST%%,*}" -hosts "${hosts%,}" -n "$count" \
    -wdir "$AZ_BATCH_TASK_SHARED_DIR" $2 # which may have arguments
