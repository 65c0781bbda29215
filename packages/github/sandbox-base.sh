#!/usr/bin/env bash
# Brings the sandbox to where the stack is without the pull request: HEAD is the merge, its first parent what is there.
# Environment: STACK.
set -euo pipefail

base=$(mktemp -d)
git worktree add --quiet --detach "$base" HEAD^1
ln -s "$PWD/node_modules" "$base/node_modules"
(cd "$base" && npm run --silent sandbox:up -- --stack "$STACK")
rm -rf .sandbox
mv "$base/.sandbox" .sandbox
rm "$base/node_modules"
git worktree remove --force "$base"
