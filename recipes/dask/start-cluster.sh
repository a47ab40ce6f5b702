# Starts the part of the cluster that is this machine's, and ends: what is in the background serves until the task is over.
# Argument: how many threads a worker has.
set -eu

if [ "$AZ_BATCH_IS_CURRENT_NODE_MASTER" = true ]; then
    nohup dask scheduler --port 8786 --no-dashboard >scheduler.log 2>&1 &
fi
# A worker keeps trying until the scheduler answers.
nohup dask worker "tcp://${AZ_BATCH_MASTER_NODE%%:*}:8786" --nthreads "$1" --no-dashboard >worker.log 2>&1 &
