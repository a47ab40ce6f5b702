# run.sh NODES PROCESSES SIZE SECONDS: the first container runs this, once all of them let each other in.
set -eu
export I_MPI_FABRICS=shm:ofi FI_PROVIDER=tcp FI_TCP_IFACE=eth0 I_MPI_HYDRA_IFACE=eth0 I_MPI_HYDRA_BOOTSTRAP=ssh
export KMP_AFFINITY=granularity=fine,compact,1,0
# Processes begin in the folder that all nodes have; this node's working directory the others have not.
cd "$AZ_BATCH_TASK_SHARED_DIR"
mpiexec.hydra -hosts "$AZ_BATCH_HOST_LIST" -n $(($1 * $2)) -ppn "$2" -wdir "$PWD" \
    "$MKLROOT/share/mkl/benchmarks/hpcg/hpcg_cpu/bin/xhpcg_avx2" "--nx=$3" "--ny=$3" "--nz=$3" "--rt=$4"
# The rating is in a file, not among what the program prints.
cat ./*.txt
