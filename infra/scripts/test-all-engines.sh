#!/usr/bin/env bash
# The gate for machines that have every engine: the whole test run, in which a skipped test is a failure.
# Arguments go on to dotnet test. The two variables it needs stand in infra/compose.databases.yaml.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

failed=0
dotnet test --logger trx --results-directory "$results" "$@" || failed=$?

reports=("$results"/*.trx)
if [ ! -e "${reports[0]}" ]; then
    echo "No test report was written." >&2
    exit 1
fi
results_of() { grep -ho '<UnitTestResult [^>]*>' "${reports[@]}" | grep "outcome=\"$1\"" | grep -o 'testName="[^"]*"' | cut -d'"' -f2 | sort -u || true; }

skipped=$(results_of NotExecuted)
if [ -n "$skipped" ]; then
    printf 'Skipped, which counts as failed here:\n%s\n\nReasons:\n' "$skipped" >&2
    awk '/<UnitTestResult / { skipped = /outcome="NotExecuted"/ } skipped && match($0, /<Message>[^<]*/) { print substr($0, RSTART + 9, RLENGTH - 9) }' \
        "${reports[@]}" | sort -u >&2
    exit 1
fi
if [ "$failed" = 0 ] && [ -z "$(results_of Passed)" ]; then
    echo "No test was run." >&2
    exit 1
fi
exit "$failed"
