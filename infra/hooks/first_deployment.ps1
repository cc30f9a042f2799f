# Before `azd deploy`: deploys, and tries again while Azure answers 403. See first_deployment.sh, which
# does the same on Linux and macOS.

if ($env:WAITING_FOR_ROLES -or $env:APP_DEPLOYED_AS -eq $env:IDENTITY_PRINCIPAL_ID) {
    exit 0
}

$attempts = 60
$attempt = 1
while ($true) {
    $env:WAITING_FOR_ROLES = 'true'
    $output = (azd deploy --no-prompt 2>&1 | Out-String).Trim()
    $hasDeployed = $LASTEXITCODE -eq 0
    $env:WAITING_FOR_ROLES = $null
    if ($hasDeployed) {
        azd env set APP_DEPLOYED_AS $env:IDENTITY_PRINCIPAL_ID
        exit $LASTEXITCODE
    }
    if ($output -notmatch 'InaccessibleStorageException|AuthorizationPermissionMismatch|: 403') {
        [Console]::Error.WriteLine($output)
        exit 1
    }
    if ($attempt -eq $attempts) {
        [Console]::Error.WriteLine($output)
        [Console]::Error.WriteLine('Azure still answers 403 after half an hour, so roles are not the reason: see docs/deploy.md.')
        exit 1
    }
    $attempt += 1
    Write-Output ("Azure answers 403 until the app's roles take effect, which takes minutes, rarely half an hour. " +
        "Trying again in 30 seconds (attempt $attempt of $attempts).")
    Start-Sleep -Seconds 30
}
