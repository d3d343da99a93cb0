#!/usr/bin/env bash
# To be sourced by a step that is signed in to Azure by workload identity federation: gives the same identity to scorelet,
# so that it reads tables and the registry from storage without any key. Nothing is written but a file that only this user
# can read, in the job's own temporary folder; no token is on a command line.
#     Azure Pipelines: the task AzureCLI@2 with addSpnToEnvironment: true sets idToken, servicePrincipalId, tenantId
#     GitHub Actions:  permissions: id-token: write; AZURE_CLIENT_ID and AZURE_TENANT_ID in the environment
federated_credentials() {
  local folder=${AGENT_TEMPDIRECTORY:-${RUNNER_TEMP:?neither an agent of Azure Pipelines nor a runner of GitHub}}
  local file=$folder/federated-token
  (umask 077 && : >"$file") || return
  if [ -n "${idToken:-}" ]; then
    printf '%s' "$idToken" >"$file" || return
    # shellcheck disable=SC2154  # set by the task
    export AZURE_CLIENT_ID=$servicePrincipalId AZURE_TENANT_ID=$tenantId
  else
    # curl reads the header from its standard input, not from its arguments.
    printf 'header = "Authorization: bearer %s"\n' "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:?the job lacks permissions: id-token: write}" |
      curl --silent --show-error --fail --retry 3 --config - "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=api://AzureADTokenExchange" |
      python3 -c 'import json, sys; print(json.load(sys.stdin)["value"], end="")' >"$file" || return
  fi
  export AZURE_FEDERATED_TOKEN_FILE=$file
}
