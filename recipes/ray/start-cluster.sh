# Starts the part of the cluster that is this machine's, and ends: what is in the background serves until the task is over.
# Argument: how many calls the machine works on at the same time.
set -eu
head=${AZ_BATCH_MASTER_NODE%%:*}

start() {
    ray start "$@" --object-store-memory 500000000 >>ray.log 2>&1
}

if [ "$AZ_BATCH_IS_CURRENT_NODE_MASTER" = true ]; then
    start --head --node-ip-address "$head" --port 6379 --num-cpus "$1" --include-dashboard false
else
    # The first machine may take longer than this one.
    until start --address "$head:6379" --num-cpus "$1"; do
        sleep 2
    done
fi
