# A step around a deployment (infra/__main__.py), with whichever name Python has on this machine.
# setup.sh does the same on Linux and macOS.
Set-Location (Join-Path $PSScriptRoot '../..')

foreach ($python in 'python', 'py', 'python3') {
    if (Get-Command $python -ErrorAction SilentlyContinue) {
        & $python dev.py setup @args
        exit $LASTEXITCODE
    }
}
[Console]::Error.WriteLine("There is no Python here: install Python 3.11 to 3.14, then run: python dev.py setup $args")
exit 1
