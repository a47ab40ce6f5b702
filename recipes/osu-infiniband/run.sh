# run.sh BENCHMARK: the first container runs this, once all of them let each other in. One process on each node.
set -eu
# UCX alone, and over the adapter alone: whatever fell back to TCP would be measured without being noticed.
exec mpirun --allow-run-as-root --host "$AZ_BATCH_HOST_LIST" \
    --mca pml ucx --mca btl ^vader,tcp,openib --mca oob_tcp_if_exclude lo,docker0 \
    -x UCX_NET_DEVICES=mlx5_ib0:1 -x UCX_TLS=rc,ud,self,sm \
    --wdir "$AZ_BATCH_TASK_SHARED_DIR" "$1"
