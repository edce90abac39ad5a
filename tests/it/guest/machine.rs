//! A made-up Linux machine: a scratch root, and a PATH on which nothing real can be changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use runbook::actions::guest::script::Script;
use runbook::azure::proof::FixedScript;
use serde_json::Value;
use tempfile::TempDir;

/// The shells that stand behind `/bin/sh` on the distributions of Azure.
const SHELLS: [&str; 2] = ["dash", "bash"];

/// Tools that change nothing outside the scratch root, taken from this machine.
const TOOLS: [&str; 33] = [
    "awk", "basename", "bash", "cat", "chmod", "cksum", "cp", "cut", "date", "dirname", "find",
    "grep", "head", "iconv", "mkdir", "mv", "od", "printf", "python3", "readlink", "rm", "sed",
    "sh", "sort", "stat", "tail", "test", "timeout", "tr", "uniq", "wc", "nohup", "echo",
];

/// The machine.
pub(super) struct Machine {
    scratch: TempDir,
    shell: &'static str,
}

/// What a script said.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) result: Value,
    pub(super) code: Option<i32>,
    pub(super) printed: String,
}

impl Told {
    /// The state that it reported.
    pub(super) fn state(&self) -> &str {
        self.result["state"].as_str().unwrap_or("none")
    }

    /// One value of the result, as text.
    pub(super) fn text(&self, name: &str) -> &str {
        self.result[name].as_str().unwrap_or("none")
    }
}

/// Runs `test` on a fresh machine for each shell that is here.
pub(super) fn everywhere(test: impl Fn(&Machine)) {
    for shell in shells() {
        test(&Machine::new(shell));
    }
}

fn shells() -> Vec<&'static str> {
    let here: Vec<&str> = SHELLS.into_iter().filter(|s| real(s).is_some()).collect();
    assert!(!here.is_empty(), "no shell to run the scripts with");
    here
}

/// Lets each shell read a script as it is sent, without running it: what it complains of.
pub(super) fn complaints(script: Script) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("script.sh");
    fs::write(&file, script.text).unwrap();
    let read = |shell: &str| {
        let output = Command::new(real(shell).unwrap())
            .arg("-n")
            .arg(&file)
            .output();
        String::from_utf8_lossy(&output.unwrap().stderr).into_owned()
    };
    shells().into_iter().map(read).collect()
}

fn real(tool: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin", "/usr/local/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(tool))
        .find(|path| path.exists())
}

impl Machine {
    pub(super) fn new(shell: &'static str) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let machine = Self { scratch, shell };
        fs::create_dir_all(machine.bin("")).unwrap();
        fs::create_dir_all(machine.path("/etc")).unwrap();
        for tool in TOOLS {
            if let Some(real) = real(tool) {
                symlink(real, machine.bin(tool)).unwrap();
            }
        }
        // What would wait, or say something of this machine.
        for (name, body) in [("sleep", "exit 0"), ("sync", "exit 0"), ("dmesg", "exit 0")] {
            machine.fake(name, body);
        }
        machine
    }

    /// Another one, with the same shell.
    pub(super) fn anew(&self) -> Self {
        Self::new(self.shell)
    }

    fn bin(&self, tool: &str) -> PathBuf {
        self.scratch.path().join("bin").join(tool)
    }

    /// Where `path` of the machine lies on this one.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.scratch
            .path()
            .join("root")
            .join(path.trim_start_matches('/'))
    }

    /// Writes a file.
    pub(super) fn file(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Reads a file.
    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Sets the mode of a file.
    pub(super) fn mode(&self, path: &str, mode: u32) -> &Self {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// The mode of a file.
    pub(super) fn mode_of(&self, path: &str) -> u32 {
        fs::metadata(self.path(path)).unwrap().permissions().mode() & 0o7777
    }

    /// The names in a folder.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Puts a program on the PATH that records how it is called and then does `body`.
    pub(super) fn fake(&self, name: &str, body: &str) -> &Self {
        let text = format!("#!/bin/sh\necho \"{name} $*\" >>\"$CALLS\"\n{body}\n");
        let _ = fs::remove_file(self.bin(name));
        fs::write(self.bin(name), text).unwrap();
        fs::set_permissions(self.bin(name), fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Puts a program in front of a real tool: what `body` does not end goes on to the tool.
    pub(super) fn before(&self, name: &str, body: &str) -> &Self {
        let real = real(name).unwrap_or_else(|| panic!("no {name} here"));
        self.fake(name, &format!("{body}\nexec {} \"$@\"", real.display()))
    }

    /// Takes a tool away.
    pub(super) fn without(&self, name: &str) -> &Self {
        let _ = fs::remove_file(self.bin(name));
        self
    }

    /// Waits until something that a script left running has written a file.
    pub(super) fn wait_for(&self, path: &str) {
        let mut looks = 0;
        while !self.path(path).exists() {
            looks += 1;
            assert!(looks < 50_000_000, "{path} was never written");
            std::thread::yield_now();
        }
    }

    /// Runs what systemd-run was given, from its `sh` on, as systemd would later.
    pub(super) fn run_queued(&self) {
        let queued = self.read("/state/queued");
        let command: Vec<&str> = queued.lines().skip_while(|word| *word != "sh").collect();
        assert_eq!(command[..2], ["sh", "-c"]);
        fs::create_dir_all(self.path("/var/log")).unwrap();
        let status = Command::new(self.bin("sh"))
            .args(&command[1..])
            .env_clear()
            .env("PATH", self.bin(""))
            .env("CALLS", self.scratch.path().join("calls"))
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// How the fakes were called.
    pub(super) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.scratch.path().join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// The calls that begin with one of `names`.
    pub(super) fn called(&self, names: &str) -> Vec<String> {
        let mut calls = self.calls();
        calls.retain(|call| names.split(' ').any(|name| call.starts_with(name)));
        calls
    }

    /// Runs a script with parameters, as Run Command does: they are exported and set at its top, below
    /// the first line (azure-cli issue 10400, azure-powershell issue 14415).
    pub(super) fn run(&self, script: Script, parameters: &[(&str, &str)]) -> Told {
        let told = self.start(script, parameters, &[]);
        told.unwrap_or_else(|printed| panic!("{}: no result in {printed:?}", script.name))
    }

    /// Runs a script with any environment at all: what no proof would let through.
    pub(super) fn hostile(&self, script: Script, environment: &[(&str, &str)]) -> Told {
        self.start(script, &[], environment).unwrap()
    }

    /// Runs a script that may not live to say anything: what it printed.
    pub(super) fn start(
        &self,
        script: Script,
        parameters: &[(&str, &str)],
        environment: &[(&str, &str)],
    ) -> Result<Told, String> {
        let owned = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
        let proof = FixedScript::new(
            script.name,
            script.text,
            parameters.iter().map(owned).collect(),
        );
        let text = self.placed(script, proof.unwrap().parameters());
        let file = self.scratch.path().join("script.sh");
        fs::write(&file, text).unwrap();
        let output = Command::new(real(self.shell).unwrap())
            .arg(&file)
            .env_clear()
            .env("PATH", "/nowhere")
            .env("CALLS", self.scratch.path().join("calls"))
            .env("SCRATCH", self.scratch.path())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .current_dir(self.scratch.path())
            .process_group(0)
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(
            printed.len() <= 4096,
            "Run Command keeps 4096 bytes: {}",
            printed.len()
        );
        assert!(printed.is_ascii(), "{printed}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stderr, "", "{}", script.name);
        let line = printed
            .lines()
            .last()
            .and_then(|l| l.strip_prefix("RESULT "));
        let Some(line) = line else {
            return Err(printed);
        };
        let result = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let told = Told {
            result,
            code: output.status.code(),
            printed,
        };
        assert!(script.states.contains(&told.state()), "{told:?}");
        Ok(told)
    }

    /// The text that is run: the script's own, with its places moved and its parameters at the top. No
    /// other line differs from what is sent.
    fn placed(&self, script: Script, parameters: &[(String, String)]) -> String {
        let root = self
            .path("")
            .to_string_lossy()
            .trim_end_matches('/')
            .to_owned();
        let moved = [
            ("ROOT=''".to_owned(), format!("ROOT='{root}'")),
            (
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
                format!("PATH='{}'", self.bin("").display()),
            ),
        ];
        let mut lines: Vec<String> = script.text.lines().map(str::to_owned).collect();
        for (from, to) in moved.into_iter().chain(self.ports()) {
            let at: Vec<usize> = (0..lines.len())
                .filter(|i| lines[*i].trim() == from)
                .collect();
            let is_here = !from.contains("168.63") && !from.starts_with("PORTS")
                || script.name == "lin-network";
            assert_eq!(at.len(), usize::from(is_here), "{from}: {at:?}");
            for at in at {
                lines[at].replace_range(.., &to);
            }
        }
        let exported: Vec<String> = parameters.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let values: Vec<&str> = parameters.iter().map(|(_, v)| v.as_str()).collect();
        if !parameters.is_empty() {
            lines.insert(1, format!("export {}", exported.join(" ")));
            lines.insert(2, format!("set -- {}", values.join(" ")));
        }
        lines.join("\n") + "\n"
    }

    /// Loopback in place of the wire server, with the ports that a test wrote down; the first port,
    /// where nobody listens, if none.
    fn ports(&self) -> [(String, String); 2] {
        let ports = fs::read_to_string(self.scratch.path().join("ports"));
        let ports = ports.unwrap_or_else(|_| "1".to_owned());
        [
            ("WIRE=168.63.129.16".to_owned(), "WIRE=127.0.0.1".to_owned()),
            (
                "PORTS='80 443 32526'".to_owned(),
                format!("PORTS='{ports}'"),
            ),
        ]
    }

    /// Lets the network probe try these ports of loopback.
    pub(super) fn tries(&self, ports: &str) -> &Self {
        fs::write(self.scratch.path().join("ports"), ports).unwrap();
        self
    }
}
