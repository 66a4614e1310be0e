//! The short form of the proof under faults, on the built program.

use std::path::Path;
use std::process::Command;

/// Each of them another part or another stroke.
const FAULTS: &str = "10";

#[test]
fn ten_faults_under_load_lose_and_double_nothing() {
    let bench = Path::new(env!("CARGO_BIN_EXE_quartermaster-bench"));
    let program = bench.with_file_name("quartermaster");
    assert!(program.exists(), "build the workspace first: {} is not there", program.display());
    let scratch = tempfile::tempdir().unwrap();
    let output = Command::new(bench)
        .args(["chaos", "--faults", FAULTS, "--least", "1", "--binary"])
        .arg(&program)
        .arg("--scratch")
        .arg(scratch.path())
        .arg("--out")
        .arg(scratch.path().join("CHAOS.md"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
}
