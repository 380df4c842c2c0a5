#!/usr/bin/env bash
# The secrets of docker-compose.yml, one file each in ./secrets: those that are missing are made, none is changed.
# The folder is its owner's alone; the files can be read by all, because each container reads as a user of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p -m 700 secrets
umask 022
for name in superuser owner worker api sealer keeper; do
  file=secrets/database_${name}_password
  [[ -e $file ]] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$file"
done
# Made anew by `cordon token create` once the service runs (docs/operations.md).
[[ -e secrets/api_metrics_token ]] || printf not-made-yet >secrets/api_metrics_token
