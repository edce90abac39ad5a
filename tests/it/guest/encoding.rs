//! A file in an encoding that the extension cannot read.

use runbook::actions::guest::linux::VMBACKUP_ENCODING;

use super::machine::everywhere;

const BACKUP: &str = "/etc/azure/vmbackup.conf";

#[test]
fn an_encoding_that_the_extension_cannot_read_becomes_ascii_where_nothing_is_lost() {
    let plain = "[SnapshotThread]\nseqsnapshot = 2\n";
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(plain.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let marked = [&[0xef, 0xbb, 0xbf], plain.as_bytes()].concat();
    everywhere(|machine| {
        for text in [&utf16, &marked] {
            machine.file(BACKUP, text);
            assert_eq!(
                machine
                    .run(VMBACKUP_ENCODING, &[("Apply", "false")])
                    .state(),
                "planned"
            );
            assert_eq!(std::fs::read(machine.path(BACKUP)).unwrap(), *text);
            let told = machine.run(VMBACKUP_ENCODING, &[("Apply", "true")]);
            assert_eq!(told.state(), "changed");
            assert_eq!(machine.read(BACKUP), plain);
            assert_eq!(std::fs::read(told.text("kept")).unwrap(), *text);
            assert_eq!(
                machine.run(VMBACKUP_ENCODING, &[("Apply", "true")]).state(),
                "already"
            );
        }
        machine.file(BACKUP, "[SnapshotThread]\n# caf\u{e9}\n");
        assert_eq!(
            machine.run(VMBACKUP_ENCODING, &[("Apply", "true")]).state(),
            "needs_human"
        );
        assert!(machine.read(BACKUP).contains("caf\u{e9}"));
    });
}
