# runbook-script: win-machinekeys-check
# What a person needs to know before the rights of the folder MachineKeys and old certificates are reset.
#
# Documents: Microsoft's self-help for ExtensionConfigParsingFailure (2021).
# Arguments: none. A probe.
# RESULT: reported, with rights (id=rights, at most 12), beyond (those of others than Everyone and the
# administrators) and certificates (of the CRP generator: first letters of the thumbprint, day of expiry).
param()

function Rights {
  $folder = Join-Path $env:ProgramData 'Microsoft\Crypto\RSA\MachineKeys'
  $ids = [System.Security.Principal.SecurityIdentifier]
  foreach ($rule in (Get-Acl -LiteralPath $folder).GetAccessRules($true, $true, $ids)) {
    $rights = Brief "$($rule.FileSystemRights)" 80
    if ($rule.AccessControlType -ne 'Allow') { $rights = "not $rights" }
    '{0}={1}' -f $rule.IdentityReference.Value, $rights
  }
}

function Certificates {
  Get-ChildItem -Path 'Cert:\LocalMachine\My' |
    Where-Object { $_.Subject -match 'Windows Azure CRP Certificate Generator' } |
    ForEach-Object { '{0} {1}' -f $_.Thumbprint.Substring(0, 8), $_.NotAfter.ToString('s').Substring(0, 10) }
}

function Work {
  $all = @(Known { Rights })
  Say 'reported' @{
    rights       = @($all | Select-Object -First 12)
    beyond       = @($all | Where-Object { $_ -notmatch '^S-1-1-0=|^S-1-5-32-544=' } | Select-Object -First 12)
    certificates = @(Known { Certificates } | Select-Object -First 12)
  }
}

