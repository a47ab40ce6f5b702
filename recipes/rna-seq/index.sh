# Writes random transcripts and indexes them.
# Usage: index TRANSCRIPTS
set -eu
mkdir -p "$FOLDER"

awk -v transcripts="$1" 'BEGIN {
    srand(7)
    for (t = 1; t <= transcripts; t++) {
        sequence = ""
        for (i = 0; i < 1200; i++) sequence = sequence substr("ACGT", int(rand() * 4) + 1, 1)
        print ">transcript" t "\n" sequence
    }
}' >"$FOLDER/transcripts.fasta"

salmon --no-version-check index --transcripts "$FOLDER/transcripts.fasta" --index "$FOLDER/index" >index.log 2>&1 ||
    { cat index.log >&2; exit 1; }
echo "indexed $1 transcripts"
