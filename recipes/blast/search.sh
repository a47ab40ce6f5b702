# Changes one letter in twenty of a gene and searches the database for what is left of it: its own gene must be found.
# Usage: search GENE
set -eu
database=$AZ_BATCH_JOB_PREP_WORKING_DIR/genes

awk -v gene="$1" '
    $0 == ">gene" gene { getline sequence; exit }
    END {
        srand(gene)
        print ">query"
        for (i = 1; i <= length(sequence); i++)
            printf "%s", rand() < 0.05 ? substr("ACGT", int(rand() * 4) + 1, 1) : substr(sequence, i, 1)
        print ""
    }' "$database.fasta" >query.fasta

blastn -query query.fasta -db "$database" -max_target_seqs 5 \
    -outfmt "6 sseqid pident length evalue bitscore" >hits.tsv

printf 'subject\tidentity\tlength\te-value\tscore\n'
cat hits.tsv
head -n 1 hits.tsv | grep -qw "gene$1" || { echo "gene$1 is not the best hit" >&2; exit 1; }
