# add-tasks.sh COUNT IMAGE: adds COUNT tasks to the job that this one belongs to. A second run adds none twice.
set -eu
export AZURE_BATCH_ENDPOINT="$AZ_BATCH_ACCOUNT_URL" AZURE_CONFIG_DIR="$PWD/.azure"
{
    echo '['
    part=1
    while [ "$part" -le "$1" ]; do
        [ "$part" -eq 1 ] || echo ','
        cat <<END
{ "id": "part-$part", "commandLine": "/bin/sh -c \"echo part $part of $1 on \$(hostname)\"",
  "containerSettings": { "imageName": "$2", "containerRunOptions": "--rm" } }
END
        part=$((part + 1))
    done
    echo ']'
} >tasks.json
az batch task create --job-id "$AZ_BATCH_JOB_ID" --json-file tasks.json --output table
