# Makes the reads of a sample and counts from which transcripts they are. In treated samples every twentieth transcript is
# there four times as often: that is what the comparison is to find.
# Usage: quantify CONDITION REPLICATE READS
set -eu
condition=$1 replicate=$2 reads=$3

awk -v condition="$condition" -v replicate="$replicate" -v reads="$reads" '
    function reverse(text,    i, result) {
        for (i = length(text); i > 0; i--) result = result complement[substr(text, i, 1)]
        return result
    }
    BEGIN { complement["A"] = "T"; complement["C"] = "G"; complement["G"] = "C"; complement["T"] = "A" }
    /^>/ { next }
    {
        sequence[++n] = $0
        copies = n % 20 == 0 && condition == "treated" ? 4 : 1
        for (i = 0; i < copies; i++) lot[++lots] = n
    }
    END {
        srand(replicate * 2 + (condition == "treated"))
        for (i = 0; i < 75; i++) quality = quality "I"
        for (read = 1; read <= reads; read++) {
            text = sequence[lot[int(rand() * lots) + 1]]
            fragment = substr(text, int(rand() * (length(text) - 250)) + 1, 250)
            print "@read" read "\n" substr(fragment, 1, 75) "\n+\n" quality >"1.fastq"
            print "@read" read "\n" reverse(substr(fragment, 176)) "\n+\n" quality >"2.fastq"
        }
    }' "$FOLDER/transcripts.fasta"

salmon --no-version-check quant --index "$FOLDER/index" --libType A -1 1.fastq -2 2.fastq --threads 2 --output counts \
    >quant.log 2>&1 || { cat quant.log >&2; exit 1; }
cp counts/quant.sf "$FOLDER/$condition-$replicate.sf"
grep -o 'Mapping rate = .*' quant.log
