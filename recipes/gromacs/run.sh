# run.sh TEMPERATURE EDGE STEPS: a box of water, relaxed, then simulated at a temperature.
set -eu
gmx -quiet solvate -cs spc216.gro -box "$2" "$2" "$2" -o box.gro
# The second line of a .gro file is its number of atoms; a molecule of water has three.
atoms=$(head -n 2 box.gro | tail -n 1 | tr -d ' ')
cat >water.top <<END
#include "oplsaa.ff/forcefield.itp"
#include "oplsaa.ff/spce.itp"
[ system ]
Water
[ molecules ]
SOL $((atoms / 3))
END
cat >relax.mdp <<END
integrator = steep
nsteps = 100
cutoff-scheme = Verlet
coulombtype = PME
END
cat >run.mdp <<END
integrator = md
dt = 0.002
nsteps = $3
nstenergy = 100
cutoff-scheme = Verlet
coulombtype = PME
constraints = h-bonds
tcoupl = v-rescale
tc-grps = System
tau-t = 0.1
ref-t = $1
gen-vel = yes
gen-temp = $1
gen-seed = 1
END
gmx -quiet grompp -f relax.mdp -c box.gro -p water.top -o relax.tpr
gmx -quiet mdrun -deffnm relax -ntmpi 1
gmx -quiet grompp -f run.mdp -c relax.gro -p water.top -o run.tpr
gmx -quiet mdrun -deffnm run -ntmpi 1
echo Temperature | gmx -quiet energy -f run.edr -o temperature.xvg
