# Compares the mean counts (in transcripts per million) of the two conditions, and prints the ten largest differences.
# Usage: compare REPLICATES
set -eu
replicates=$1
set --
for replicate in $(seq "$replicates"); do
    set -- "$@" "$FOLDER/control-$replicate.sf" "$FOLDER/treated-$replicate.sf"
done

awk '
    FNR == 1 { treated = FILENAME ~ /treated-[0-9]+\.sf$/; files[treated]++; next }
    { tpm[$1, treated] += $4; names[$1] }
    END {
        for (name in names) {
            control = tpm[name, 0] / files[0] + 1
            changed = tpm[name, 1] / files[1] + 1
            printf "%s\t%.0f\t%.0f\t%+.2f\n", name, control, changed, log(changed / control) / log(2)
        }
    }' "$@" | sort -t "$(printf '\t')" -k 4,4gr >differences.tsv

printf 'transcript\tcontrol\ttreated\tlog2 of the ratio\n'
head -n 10 differences.tsv
