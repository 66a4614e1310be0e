//! The short forms of the proofs that take a company of their own, on the built program. They run beside
//! each other: what takes how long says nothing here.

use std::path::Path;
use std::process::Command;

/// Runs a proof to its end; it must hold.
fn proves(arguments: &[&str]) {
    let bench = Path::new(env!("CARGO_BIN_EXE_quartermaster-bench"));
    let program = bench.with_file_name("quartermaster");
    assert!(program.exists(), "build the workspace first: {} is not there", program.display());
    let scratch = tempfile::tempdir().unwrap();
    let output = Command::new(bench)
        .args(arguments)
        .arg("--binary")
        .arg(&program)
        .arg("--scratch")
        .arg(scratch.path())
        .arg("--out")
        .arg(scratch.path().join("PROOF.md"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn ten_faults_under_load_lose_and_double_nothing() {
    // Each of them another part or another stroke.
    proves(&["chaos", "--faults", "10", "--least", "1"]);
}

#[test]
fn too_much_load_and_every_want_end_in_clear_refusals_and_pass() {
    proves(&["overload", "--seconds", "3", "--want", "2", "--restarts", "1", "--untimed"]);
}
