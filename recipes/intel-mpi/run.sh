# run.sh NODES PROCESSES BENCHMARK: the first container runs this, once all of them let each other in.
set -eu
export I_MPI_FABRICS=shm:ofi FI_PROVIDER=tcp FI_TCP_IFACE=eth0 I_MPI_HYDRA_IFACE=eth0 I_MPI_HYDRA_BOOTSTRAP=ssh
# Processes begin in the folder that all nodes have; this node's working directory the others have not.
exec mpiexec.hydra -hosts "$AZ_BATCH_HOST_LIST" -n $(($1 * $2)) -ppn "$2" -wdir "$AZ_BATCH_TASK_SHARED_DIR" IMB-MPI1 "$3"
