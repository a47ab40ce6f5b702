# run.sh VELOCITY PROCESSES: solves the flow over a backward-facing step, OpenFOAM's tutorial pitzDaily.
# bashrc asks for variables that need not be set, and ends with whatever its last test said.
. /usr/lib/openfoam/openfoam*/etc/bashrc
set -euo pipefail
cp -r "$FOAM_TUTORIALS/incompressible/simpleFoam/pitzDaily" case
cd case
foamDictionary 0/U -entry boundaryField/inlet/value -set "uniform ($1 0 0)"
cat >system/decomposeParDict <<END
FoamFile { version 2.0; format ascii; class dictionary; object decomposeParDict; }
numberOfSubdomains $2;
method scotch;
END
blockMesh >log.blockMesh
decomposePar >log.decomposePar
mpirun -np "$2" simpleFoam -parallel >log.simpleFoam || { tail -n 40 log.simpleFoam; exit 1; }
reconstructPar -latestTime >log.reconstructPar
grep -E '^(SIMPLE solution|ExecutionTime)' log.simpleFoam | tail -n 2
