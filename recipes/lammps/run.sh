# run.sh PROGRAM PROCESSES TEMPERATURE CELLS STEPS
set -eu
program=$1 processes=$2
set -- -in in.melt -var temperature "$3" -var cells "$4" -var steps "$5"
printf '%s\n' "$INPUT" >in.melt
[ "$processes" -gt 1 ] || exec "$program" "$@" # which needs no MPI
# Open MPI asks about root and about slots; containers of a test machine are run by root, and it has few cores.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
exec mpirun --oversubscribe -np "$processes" "$program" "$@"
