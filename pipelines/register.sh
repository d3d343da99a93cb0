#!/usr/bin/env bash
# Registers a bundle twice under one number: in scorelet's registry, which allots the version and keeps verdicts and
# aliases, and in the Azure ML registry, from which endpoints mount it. Prints the version; the rest goes to stderr.
#     pipelines/register.sh FOLDER RUN
# FOLDER holds the bundle and what belongs to it, RUN is the build's id. The same RUN again gives the same version and
# writes nothing. Variables: MODEL_NAME, MODEL_STORE (scorelet's registry), ML_REGISTRY, ML_REGISTRY_RESOURCE_GROUP.
set -euo pipefail
folder=${1:?which folder is to be registered?} run=${2:?what is this run called?}
: "${MODEL_NAME:?}" "${MODEL_STORE:?}" "${ML_REGISTRY:?}" "${ML_REGISTRY_RESOURCE_GROUP:?}"

registered=$(scorelet register --name "$MODEL_NAME" --path "$folder" --registry "$MODEL_STORE" --idempotency-key "$run" --json)
field() { python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$registered" "$1"; }
version=$(field version)
digest=$(field digest)

errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
model=(--name "$MODEL_NAME" --version "$version" --registry-name "$ML_REGISTRY" --resource-group "$ML_REGISTRY_RESOURCE_GROUP")
if known=$(az ml model show "${model[@]}" --query tags.scorelet_digest --output tsv 2>"$errors"); then
  # Azure has this number already: from an earlier try of this run, or from somebody else.
  if [ "$known" != "$digest" ]; then
    echo "register: $MODEL_NAME version $version is another model in $ML_REGISTRY (its tag scorelet_digest is ${known:-absent})" >&2
    echo "  give the model a name of its own, which nothing but this pipeline registers" >&2
    exit 1
  fi
  echo "register: $ML_REGISTRY has $MODEL_NAME version $version already" >&2
elif grep -qiE 'not ?found|could not be found|does not exist' "$errors"; then
  az ml model create "${model[@]}" --type custom_model --path "$folder" --tags "scorelet_digest=$digest" "run=$run" --output none >&2
  echo "register: $MODEL_NAME version $version is in $ML_REGISTRY" >&2
else
  # No answer is not the answer no: a second model would be made for nothing.
  cat "$errors" >&2
  exit 1
fi
echo "$version"
