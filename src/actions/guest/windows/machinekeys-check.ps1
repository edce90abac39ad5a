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
  foreach ($rule in (Get-Acl -LiteralPath $folder).Access) {
    $id = $rule.IdentityReference.Translate([System.Security.Principal.SecurityIdentifier]).Value
    '{0}={1}' -f $id, (Brief "$($rule.FileSystemRights)" 80)
  }
}

function Certificates {
  Get-ChildItem -Path 'Cert:\LocalMachine\My' |
    Where-Object { $_.Subject -match 'Windows Azure CRP Certificate Generator' } |
    ForEach-Object { '{0} {1}' -f $_.Thumbprint.Substring(0, 8), $_.NotAfter.ToString('yyyy-MM-dd') }
}

function Work {
  $rights = @(Known { Rights } | Select-Object -First 12)
  Say 'reported' 0 @{
    rights       = $rights
    beyond       = @($rights | Where-Object { $_ -notmatch '^S-1-1-0=|^S-1-5-32-544=' })
    certificates = @(Known { Certificates } | Select-Object -First 12)
  }
}

