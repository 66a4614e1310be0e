//! PostgreSQL's disk is full.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::Uid;
use tempfile::TempDir;

use super::args::Args;
use super::wants::{finish, pulsing, reasons};
use crate::Result;
use crate::proof::{Company, Part};

/// How large the disk is.
const SIZE: &str = "size=192m";
/// The tables that grow with every change lie on it.
const TABLES: [&str; 2] = ["services_stock_movements", "services_audit_logs"];

/// Fills the disk that the ledger and the audit lie on, and makes room again.
///
/// # Errors
/// When something cannot be run.
pub async fn part(args: &Args, company: &mut Company) -> Result<Part> {
    if !Uid::effective().is_root() {
        let lines = vec!["Not run: only root may mount a file system of its own.".to_owned()];
        return Ok(Part { title: "Disk full", goals: Vec::new(), lines });
    }
    let disk = SmallDisk::mount(&company.program.server_files()?)?;
    let place = disk.path().display().to_string();
    move_tables(company, &format!("create tablespace small location '{place}'"), "small").await?;
    let pulse = pulsing(args, company).await?;
    let ballast = disk.path().join("ballast");
    fill(&ballast)?;
    let why = reasons(company.addrs()[0], args.want()).await;
    fs::remove_file(&ballast)?;
    let part = finish("Disk full", "its disk is full", why, pulse, (args, company)).await?;
    move_tables(company, "select 1", "pg_default").await?;
    company.fixtures.client().batch_execute("drop tablespace small").await?;
    Ok(part)
}

async fn move_tables(company: &Company, before: &str, tablespace: &str) -> Result<()> {
    let client = company.fixtures.client();
    client.batch_execute(before).await?;
    for table in TABLES {
        client.batch_execute(&format!("alter table {table} set tablespace {tablespace}")).await?;
    }
    Ok(())
}

/// Writes until there is no room left.
fn fill(path: &Path) -> Result<()> {
    let mut file = File::create(path)?;
    let zeros = [0; 64 * 1_024];
    loop {
        match file.write_all(&zeros) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A file system in memory; gone when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// One whose files belong to whom these belong to.
    fn mount(files: &Path) -> Result<SmallDisk> {
        let open = Permissions::from_mode(0o755);
        let dir = tempfile::Builder::new().prefix("small-disk-").permissions(open).tempdir()?;
        mount(Some("tmpfs"), dir.path(), Some("tmpfs"), MsFlags::empty(), Some(SIZE))?;
        let disk = SmallDisk(dir);
        let owner = fs::metadata(files)?;
        chown(disk.path(), Some(owner.uid()), Some(owner.gid()))?;
        fs::set_permissions(disk.path(), Permissions::from_mode(0o700))?;
        Ok(disk)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Also where PostgreSQL still has files open there.
        let _ = umount2(self.0.path(), MntFlags::MNT_DETACH);
    }
}
