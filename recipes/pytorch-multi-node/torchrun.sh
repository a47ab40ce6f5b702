# Runs torchrun on the first machine, or starts it in the background on the others. They meet at the first one, and wait for
# each other for 15 minutes.
# Usage: torchrun first|others PROGRAM ARGUMENT…
who=$1
shift

run() {
    python3 -m torch.distributed.run --nnodes "$NODES" --nproc_per_node "$PROCESSES" \
        --rdzv_id "$AZ_BATCH_TASK_ID" --rdzv_backend c10d --rdzv_endpoint "${AZ_BATCH_MASTER_NODE%%:*}:29500" \
        --rdzv_conf "is_host=$AZ_BATCH_IS_CURRENT_NODE_MASTER,read_timeout=900,join_timeout=900" \
        --no_python python3 -c "$@"
}

if [ "$who" = first ]; then
    run "$@"
elif [ "$AZ_BATCH_IS_CURRENT_NODE_MASTER" != true ]; then
    run "$@" >torchrun.log 2>&1 &
fi
