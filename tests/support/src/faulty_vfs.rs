//! A disk that fails: a VFS that stands before SQLite's own and, at a write of the test's choice, is full, loses its
//! power, or tears the page that is being written. Loss of power takes with it all that was not synced.
//!
//! It becomes the default VFS of the process, so a test binary that uses it runs one history at a time.

use rusqlite::ffi;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// How the disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Writes fail until [`Disk::mend`]; what is there stays.
    Full,
    /// The same, and nothing can be cut or removed either, as where a worn card has become read-only.
    ReadOnly,
    /// Nothing is written any more, and what was not synced is gone.
    PowerLoss,
    /// As a loss of power, but what was written stays, and half of the write at hand, too.
    TornWrite,
}

#[derive(Default)]
struct Tape {
    /// Writes, truncations and removals so far.
    writes: u64,
    plan: Option<(u64, Fault)>,
    failing: Option<Fault>,
    /// What each file held when it was last synced.
    synced: BTreeMap<PathBuf, Vec<u8>>,
}

static TAPE: Mutex<Option<Tape>> = Mutex::new(None);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
static REGISTER: Once = Once::new();

/// The disk, from now until it is dropped.
pub struct Disk(#[expect(dead_code, reason = "keeps other tests out")] MutexGuard<'static, ()>);

impl Disk {
    /// Watches all databases that are opened from now on.
    pub fn watch() -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        REGISTER.call_once(register);
        *tape() = Some(Tape::default());
        Self(alone)
    }
    /// Fails at the `n`th write from now, counted from 0.
    pub fn fail_at(&self, n: u64, fault: Fault) {
        with(|tape| tape.plan = Some((tape.writes + n, fault)));
    }
    /// Whether the fault has come.
    pub fn has_failed(&self) -> bool {
        with(|tape| tape.failing.is_some())
    }
    /// Works again. After a loss of power: all connections must be gone before, and what was not synced is lost now.
    pub fn mend(&self) {
        let failed = with(|tape| {
            tape.plan = None;
            Some((tape.failing.take()?, std::mem::take(&mut tape.synced)))
        });
        if let Some((Fault::PowerLoss, synced)) = failed {
            for (path, bytes) in synced {
                if path.exists() {
                    std::fs::write(path, bytes).expect("a file of the test");
                }
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        *tape() = None;
    }
}

fn tape() -> MutexGuard<'static, Option<Tape>> {
    TAPE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<T: Default>(work: impl FnOnce(&mut Tape) -> T) -> T {
    tape().as_mut().map(work).unwrap_or_default()
}

/// Counts a change; says how the disk fails it, and whether it is the first that fails.
fn count() -> (Option<Fault>, bool) {
    with(|tape| {
        let first = tape.failing.is_none() && tape.plan.is_some_and(|(at, _)| tape.writes >= at);
        if first {
            tape.failing = tape.plan.map(|(_, fault)| fault);
        }
        tape.writes += 1;
        (tape.failing, first)
    })
}

/// SQLite's own VFS, set once, before any file is opened through ours.
static REAL: Mutex<usize> = Mutex::new(0);
/// Copies of SQLite's own methods with four functions replaced, by the address of the original.
static PATCHED: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());
/// Open files by handle, with the address of SQLite's own methods.
static FILES: Mutex<BTreeMap<usize, (PathBuf, usize)>> = Mutex::new(BTreeMap::new());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn register() {
    // SAFETY: SQLite's default VFS lives as long as the process. The copy is leaked, so it does, too; its functions get the
    // copy, which has the same private data, or (xOpen) the original.
    unsafe {
        let original = ffi::sqlite3_vfs_find(std::ptr::null());
        let mut copy = Box::new(*original);
        copy.zName = c"faulty".as_ptr();
        copy.pNext = std::ptr::null_mut();
        copy.xOpen = Some(open);
        copy.xDelete = Some(delete);
        *locked(&REAL) = original as usize;
        assert_eq!(ffi::sqlite3_vfs_register(Box::into_raw(copy), 1), ffi::SQLITE_OK);
    }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let vfs = *locked(&REAL) as *mut ffi::sqlite3_vfs;
    // SAFETY: the original's own function with its own arguments. It fills `file` with its methods, of which a leaked copy
    // with four functions replaced takes the place. The name is a C string.
    unsafe {
        let code = (*vfs).xOpen.expect("a VFS opens files")(vfs, name, file, flags, out);
        if code == ffi::SQLITE_OK && !name.is_null() && !(*file).pMethods.is_null() {
            let own = (*file).pMethods;
            let patched = *locked(&PATCHED).entry(own as usize).or_insert_with(|| {
                let methods = ffi::sqlite3_io_methods {
                    xWrite: Some(write),
                    xTruncate: Some(truncate),
                    xSync: Some(sync),
                    xClose: Some(close),
                    ..*own
                };
                Box::into_raw(Box::new(methods)) as usize
            });
            (*file).pMethods = patched as *const ffi::sqlite3_io_methods;
            let path = PathBuf::from(CStr::from_ptr(name).to_string_lossy().into_owned());
            with(|tape| {
                if !tape.synced.contains_key(&path) {
                    let there = std::fs::read(&path).unwrap_or_default();
                    tape.synced.insert(path.clone(), there);
                }
            });
            locked(&FILES).insert(file as usize, (path, own as usize));
        }
        code
    }
}

/// SQLite's own methods of an open file.
fn methods(file: *mut ffi::sqlite3_file) -> ffi::sqlite3_io_methods {
    let own = locked(&FILES).get(&(file as usize)).expect("an open file").1;
    // SAFETY: methods of SQLite's own VFS live as long as the process.
    unsafe { *(own as *const ffi::sqlite3_io_methods) }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    len: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let real = methods(file).xWrite.expect("files are written");
    match count() {
        // SAFETY: SQLite's arguments, or the first half of them, to its own function.
        (None, _) => unsafe { real(file, data, len, at) },
        (Some(Fault::TornWrite), true) => {
            // SAFETY: as above.
            unsafe { real(file, data, len / 2, at) };
            ffi::SQLITE_IOERR_WRITE
        }
        (Some(Fault::Full), _) => ffi::SQLITE_FULL,
        _ => ffi::SQLITE_IOERR_WRITE,
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: ffi::sqlite3_int64) -> c_int {
    match count() {
        // SAFETY: SQLite's arguments to its own function.
        (None | Some(Fault::Full), _) => unsafe { methods(file).xTruncate.expect("files are cut")(file, len) },
        _ => ffi::SQLITE_IOERR_TRUNCATE,
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    if with(|tape| tape.failing.is_some()) {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    // The disk itself is not asked: what would be lost is known from the tape.
    let _ = flags;
    with(|tape| {
        if let Some((path, _)) = locked(&FILES).get(&(file as usize)) {
            let bytes = std::fs::read(path).unwrap_or_default();
            tape.synced.insert(path.clone(), bytes);
        }
    });
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let own = methods(file);
    locked(&FILES).remove(&(file as usize));
    // SAFETY: SQLite's argument to its own function, which does not look at the methods.
    unsafe { own.xClose.expect("files are closed")(file) }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    match count() {
        (None | Some(Fault::Full), _) => {
            let original = *locked(&REAL) as *mut ffi::sqlite3_vfs;
            let _ = vfs;
            // SAFETY: SQLite's arguments to its own function; the name is a C string.
            unsafe {
                let path = PathBuf::from(CStr::from_ptr(name).to_string_lossy().into_owned());
                with(|tape| tape.synced.remove(&path));
                (*original).xDelete.expect("files are removed")(original, name, sync)
            }
        }
        _ => ffi::SQLITE_IOERR_DELETE,
    }
}
