#!/bin/sh
# Fits a line y = a + b x by least squares and says how well it fits on rows it has not seen. POSIX sh and awk, nothing else.
#
# usage: fit.sh FILE X Y         X and Y are names of columns of the CSV file
set -eu

file=$1
x=$2
y=$3
metrics=${TRAINYARD_METRICS_FILE:-/dev/stdout}
output=${TRAINYARD_OUTPUT_DIR:-.}

awk -F, -v x="$x" -v y="$y" -v metrics="$metrics" -v model="$output/model.json" -f "$(dirname "$0")/fit.awk" "$file"
