use super::*;

#[test]
fn a_group_is_named_by_the_policys_prefix_number_and_suffix() {
    assert!(is_numbered("Snap12-prod", "snap", "-PROD"));
    assert!(!is_numbered("snap-prod", "snap", "-prod"));
    assert!(!is_numbered("snapshots1-prod", "snap", "-prod"));
    assert!(starts_with("azurebackuprg_westeurope_1", "AzureBackupRG_"));
    assert!(!starts_with("azure", "AzureBackupRG_"));
}

#[test]
fn only_a_group_of_azure_backup_alone_is_unlocked_without_being_asked() {
    let backup = Group {
        of_the_vm: false,
        named_like_backup: true,
        contents: Contents::Collections,
    };
    assert_eq!(of_group(backup).0, LockRemedy::Remove);
    for other in [
        Group {
            of_the_vm: true,
            ..backup
        },
        Group {
            named_like_backup: false,
            ..backup
        },
        Group {
            contents: Contents::More,
            ..backup
        },
    ] {
        assert_eq!(of_group(other).0, LockRemedy::Borrow);
    }
}
