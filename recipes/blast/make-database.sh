# Makes a BLAST database of random genes in the working directory of the job's preparation task.
# Usage: make-database GENES
set -eu

awk -v genes="$1" 'BEGIN {
    srand(42) # the same genes on every node
    for (gene = 1; gene <= genes; gene++) {
        sequence = ""
        for (i = 0; i < 900; i++) sequence = sequence substr("ACGT", int(rand() * 4) + 1, 1)
        print ">gene" gene "\n" sequence
    }
}' >genes.fasta

makeblastdb -in genes.fasta -dbtype nucl -out genes -title "random genes"
