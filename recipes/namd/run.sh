# run.sh TEMPERATURE STEPS
set -eu
tar -xzf apoa1.tar.gz
cd apoa1
# The benchmark's own configuration, but for what differs from task to task. It writes to a folder that need not exist.
grep -v -i -E '^ *(temperature|numsteps|outputname) ' apoa1.namd >run.namd
cat >>run.namd <<END
temperature $1
numsteps $2
outputname $PWD/out
END
namd3 +p4 +devices 0 run.namd >namd.log || { tail -n 40 namd.log; exit 1; }
grep -E '^(Info: Benchmark|WallClock)' namd.log
