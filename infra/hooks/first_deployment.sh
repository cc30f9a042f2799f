#!/bin/sh
# Before `azd deploy`: deploys, and tries again while Azure answers 403.
#
# The app's identity uploads the package, and its roles on the storage account take minutes to have an
# effect, rarely half an hour (https://github.com/Azure/azure-dev/issues/8026). azd does not wait for
# them. Once an identity has deployed, its id is remembered, and this does nothing.
# first_deployment.ps1 does the same on Windows.
set -u

if [ -n "${WAITING_FOR_ROLES-}" ] || [ "${APP_DEPLOYED_AS-}" = "${IDENTITY_PRINCIPAL_ID-}" ]; then
  exit 0
fi

attempts=60
attempt=1
while :; do
  if output=$(WAITING_FOR_ROLES=true azd deploy --no-prompt 2>&1); then
    azd env set APP_DEPLOYED_AS "$IDENTITY_PRINCIPAL_ID"
    exit
  fi
  case $output in
    *InaccessibleStorageException* | *AuthorizationPermissionMismatch* | *": 403"*) ;;
    *) printf '%s\n' "$output" >&2; exit 1 ;;
  esac
  if [ "$attempt" -eq "$attempts" ]; then
    printf '%s\n' "$output" >&2
    echo "Azure still answers 403 after half an hour, so roles are not the reason: see docs/deploy.md." >&2
    exit 1
  fi
  attempt=$((attempt + 1))
  echo "Azure answers 403 until the app's roles take effect, which takes minutes, rarely half an hour." \
    "Trying again in 30 seconds (attempt $attempt of $attempts)."
  sleep 30
done
