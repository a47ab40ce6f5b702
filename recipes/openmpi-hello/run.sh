# run.sh PROCESSES PROGRAM: the first container runs this, once all of them let each other in.
set -eu
hosts=
for host in $(echo "$AZ_BATCH_HOST_LIST" | tr , ' '); do
    hosts=$hosts$host:$1,
done
# Every node has a bridge of this name and address, over which no other node is reached. Processes begin in the folder that all nodes
# have; this node's working directory the others have not.
exec mpirun --allow-run-as-root --host "${hosts%,}" \
    --mca pml ob1 --mca btl_tcp_if_exclude lo,docker0 --mca oob_tcp_if_exclude lo,docker0 \
    --wdir "$AZ_BATCH_TASK_SHARED_DIR" $2 # which may have arguments
