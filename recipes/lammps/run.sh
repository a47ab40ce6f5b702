# run.sh PROGRAM PROCESSES TEMPERATURE CELLS STEPS
set -eu
printf '%s\n' "$INPUT" >in.melt
# Open MPI asks about root and about slots; containers of a test machine are run by root, and it has few cores.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
exec mpirun --oversubscribe -np "$2" "$1" -in in.melt -var temperature "$3" -var cells "$4" -var steps "$5"
