//! What is known of Azure Backup's error codes, apart from what to do about them.

/// Numbers and the codes that they stand for, as real answers have shown them together.
///
/// Source: azure-api.md section 6.5, read from 656 recorded answers of 2020 to 2024; 380008,
/// 400094 from the VM backup troubleshooting article, 2022-06-16.
const NUMBERS: [(i64, &str); 21] = [
    (0, "Success"),
    (320_001, "ResourceNotFound"),
    (380_008, "AzureVmOffline"),
    (380_016, "UserErrorGuestAgentVersionUnsupported"),
    (400_002, "BackUpOperationFailed"),
    (400_004, "DataTransferFromVaultFailed"),
    (400_052, "DiffCopyFailedToTransferData"),
    (400_094, "BCMV2VMNotFound"),
    (400_136, "UserErrorVmNotFoundV2"),
    (400_138, "UserErrorSubnetNotFoundV2"),
    (400_158, "UserErrorJobSuccessfullyCancelled"),
    (400_175, "UserErrorVmVaultLocationMismatch"),
    (400_196, "UserErrorGuestAgentStatusUnavailable"),
    (400_198, "UserErrorKeyVaultPermissionsNotConfigured"),
    (400_206, "ExtensionSnapshotFailedNoNetwork"),
    (400_239, "IaasVmHealthGreenDefault"),
    (400_288, "UserErrorRpCollectionDeleted"),
    (400_309, "UserErrorGenericResourceNotFound"),
    (400_349, "UserErrorCrpReportedUserError"),
    (400_367, "UserErrorUnsupportedConfigForUnmanagedToManaged"),
    (400_380, "DiskAPIRevokeSASFailed"),
];

/// Codes that say nothing by themselves: what compute said stands in the message.
///
/// Source: "Troubleshoot Azure Backup failure", 2022-05-05, `UserErrorCrpReportedUserError`;
/// restore point troubleshooting (compute): `VMRestorePointClientError` has many messages.
pub const WRAPPING: &[&str] = &["UserErrorCrpReportedUserError", "VMRestorePointClientError"];

/// What health details carry when all is well: `healthStatus: Passed` stands beside a failed
/// backup as a rule, for it is of the check before a backup (azure-api.md 6.6).
const WELL: [&str; 2] = ["Success", "IaasVmHealthGreenDefault"];

/// The code that a number stands for.
#[must_use]
pub fn of_number(number: i64) -> Option<&'static str> {
    let pair = NUMBERS.iter().find(|(known, _)| *known == number);
    pair.map(|(_, code)| *code)
}

/// Whether a code says that all is well.
#[must_use]
pub fn says_well(code: &str) -> bool {
    WELL.iter().any(|well| well.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_stands_once_and_for_a_code() {
        for (at, (number, code)) in NUMBERS.iter().enumerate() {
            assert!(crate::core::symptom::looks_like_a_code(code), "{code}");
            assert_eq!(of_number(*number), Some(*code));
            assert!(NUMBERS[at + 1..].iter().all(|(other, _)| other > number));
        }
        assert_eq!(of_number(1), None);
        assert!(says_well("iaasvmhealthgreendefault") && !says_well("ResourceNotFound"));
    }
}
