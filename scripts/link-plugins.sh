#!/usr/bin/env bash
# link-plugins.sh PROGRAM FOLDER: gives the program that all plugins share the name of each in FOLDER, beside the manifest that the
# server reads instead of running it.
set -euo pipefail
program=$1 folder=$2

mkdir -p "$folder"
for name in $("$program"); do
  ln -f "$program" "$folder/$name"
  "$folder/$name" manifest >"$folder/$name.json.new"
  mv "$folder/$name.json.new" "$folder/$name.json"
done
