#!/usr/bin/env bash
# Renews the lock files: exact versions with hashes, for every platform and Python 3.11 or later. Needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
  uv pip compile pyproject.toml "$@" --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --quiet --custom-compile-command requirements/update.sh
}
lock --output-file requirements/lambda.txt
lock --extra host --constraint requirements/lambda.txt --output-file requirements/run.txt
lock --extra host --extra client --extra deploy --constraint requirements/run.txt --output-file requirements/deploy.txt
lock --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt
lock bench/requirements.in --constraint requirements/dev.txt --output-file bench/requirements.txt
lock requirements/mutation.in --constraint requirements/dev.txt --output-file requirements/mutation.txt
