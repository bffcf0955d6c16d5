//! The only module of the core with `unsafe`: it hands SQLCipher its cryptography, and opens encrypted files with a raw key.
//!
//! SQLCipher is compiled with `SQLCIPHER_CRYPTO_CUSTOM=tabara_sqlcipher_setup` (`.cargo/config.toml`): instead of
//! OpenSSL it calls [`tabara_sqlcipher_setup`] once, which fills a table of functions. That saves 4.4 MB and half the
//! build time. Only what SQLCipher 4 uses by default is offered (AES-256-CBC, HMAC-SHA512, PBKDF2-HMAC-SHA512); any
//! other algorithm is an error, so no old or weak format can be opened by mistake.
//!
//! How to read it: three safe functions (`crypt`, `mac`, `stretch`) do the work and are tested with published
//! vectors. The `extern "C"` functions below them only check pointers and lengths, make slices, and call. None of them
//! can panic: a wrong argument answers `ERROR`, which SQLCipher turns into a failed read or write.
//!
//! **Reviewed** line by line against `sqlcipher.c` of SQLCipher 4.19.0; a test refuses another version, so that an update
//! is read again. What each line leans on, and where it stands there:
//! - *Table*: `struct sqlcipher_provider` has 18 fields, all pointers, in the order of [`Provider`] (the compiler checks the
//!   size). `init`, `shutdown` may be null (`sqlcipher_register_provider`, `sqlcipher_extra_shutdown` ask first); `next` is
//!   set by the former. Memory comes from `sqlcipher_malloc`, in steps of a pointer's size.
//! - *Buffers* of pages, keys, salts and `hmac_key` come from `sqlcipher_malloc`, one by one, and are zeroed, also
//!   where its own heap is full (`sqlcipher_internal_malloc`); the seeds that `random` fills are static.
//! - *Key*: `sqlite3_key_v2` copies the text (`sqlcipher_cipher_ctx_set_pass`), so ours is wiped when [`open`] returns.
//!   67 bytes of `x'..'` are "option 1, raw key" of `sqlcipher_cipher_ctx_key_derive`: only the MAC's key is derived. Between
//!   uses both keys lie masked in memory (`sqlcipher_shield`), unmasked during a call of `page_mac` or `page_cipher`.
//! - *Page* (`sqlcipher_page_cipher`): `in` and `out` are two buffers of a whole page; `size` = page - 80. To encrypt, the
//!   last 80 bytes of `out` are filled by `random`, the first 16 of them are the vector, then `cipher`, then `hmac` over
//!   `out[..size + 16]` into the 64 bytes behind: apart from what it reads. To decrypt, `hmac` reads `in`, writes `out`; only
//!   when the tags agree is `cipher` called. Encrypt-then-MAC, page number in the MAC, a fresh vector for each write.
//! - *Errors*: any code but `OK` wipes the page and fails the read or write (`goto error`), also in `rekey`, which we never do.
//! - *Threads*: no function here has state; connections stand behind a mutex each (`Store`).
//! - *Panics*: every slice has a checked length; `ring` and `cbc` answer wrong lengths with errors; `copy_from_slice` has 64
//!   bytes on both sides. An unforeseen one would abort (`extern "C"`), never unwind into C.
//!
//! `cargo xtask test --only sanitizer` runs the vault's tests with this file and SQLCipher under AddressSanitizer.
//!
//! Limits: authenticated pages do not stop someone from putting back a whole older file.

use super::error::VaultError;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{hmac, pbkdf2};
use rusqlite::{Connection, OpenFlags, ffi};
use std::ffi::{CStr, c_char, c_int, c_uchar, c_void};
use std::num::NonZeroU32;
use std::path::Path;
use std::{fmt, ptr, slice};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A raw 256-bit key of an encrypted file. Its `Debug` shows nothing; its bytes are wiped when it is dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct FileKey(pub [u8; 32]);

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(..)")
    }
}

/// Opens or creates an encrypted file. Refuses to go on where the library is plain SQLite or uses another provider,
/// because those would write clear text, or a format that was never tested. The key is first used at the first read.
pub fn open(path: &Path, key: &FileKey, create: bool) -> Result<Connection, VaultError> {
    let create = if create { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection = Connection::open_with_flags(path, flags)?;
    // before anything can fail: SQLCipher would write to the platform's log
    let _: String = connection.query_row("PRAGMA cipher_log_level = NONE", [], |row| row.get(0))?;
    // pages are wiped when their memory is given back; off by default
    connection.execute_batch("PRAGMA cipher_memory_security = ON")?;
    let text = raw_key_text(key);
    // SAFETY: the handle is that of a live connection which this thread alone holds. The key pointer is valid for
    // `text.len()` bytes during the call; SQLCipher copies them. "main" is a C string with static lifetime.
    let code = unsafe {
        ffi::sqlite3_key_v2(connection.handle(), c"main".as_ptr(), text.as_ptr().cast(), text.len() as c_int)
    };
    if code != ffi::SQLITE_OK {
        return Err(VaultError::Cipher);
    }
    let ask = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, String>(0));
    let version = ask("PRAGMA cipher_version").map_err(|_| VaultError::Cipher)?;
    let provider = ask("PRAGMA cipher_provider").map_err(|_| VaultError::Cipher)?;
    let wiped = ask("PRAGMA cipher_memory_security").map_err(|_| VaultError::Cipher)?;
    if !version.starts_with("4.") || provider.as_bytes() != NAME.to_bytes() || wiped != "1" {
        return Err(VaultError::Cipher);
    }
    Ok(connection)
}

/// `x'<64 hexadecimal digits>'`: the form that SQLCipher takes as a key without stretching it.
fn raw_key_text(key: &FileKey) -> Zeroizing<[u8; 67]> {
    let mut text = Zeroizing::new([b'\''; 67]);
    text[0] = b'x';
    for (at, byte) in key.0.iter().enumerate() {
        text[2 + 2 * at] = b"0123456789abcdef"[usize::from(byte >> 4)];
        text[3 + 2 * at] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    text
}

/// AES-256-CBC without padding, in place. `None`: the key is not 32 bytes, the vector not 16, or the data not whole blocks.
pub(super) fn crypt(encrypt: bool, key: &[u8], iv: &[u8], data: &mut [u8]) -> Option<()> {
    let (blocks, rest) = aes::Block::slice_as_chunks_mut(data);
    if !rest.is_empty() {
        return None;
    }
    if encrypt {
        cbc::Encryptor::<aes::Aes256>::new_from_slices(key, iv).ok()?.encrypt_blocks(blocks);
    } else {
        cbc::Decryptor::<aes::Aes256>::new_from_slices(key, iv).ok()?.decrypt_blocks(blocks);
    }
    Some(())
}

/// HMAC-SHA512 of two pieces, one after the other.
pub(super) fn mac(key: &[u8], first: &[u8], second: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, key));
    context.update(first);
    context.update(second);
    context.sign()
}

/// PBKDF2-HMAC-SHA512.
pub(super) fn stretch(password: &[u8], salt: &[u8], rounds: NonZeroU32, out: &mut [u8]) {
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, salt, password, out);
}

const OK: c_int = ffi::SQLITE_OK;
const ERROR: c_int = ffi::SQLITE_ERROR;
const NAME: &CStr = c"tabara-ring-rustcrypto";
const CIPHER: &CStr = c"aes-256-cbc";
const VERSION: &CStr = c"1";
/// SQLCipher's number for SHA-512, with HMAC and with PBKDF2.
const SHA512: c_int = 2;
const ENCRYPT: c_int = 1;
const DECRYPT: c_int = 0;
/// No page is longer (SQLite's own limit), so no length from SQLCipher is.
const MAX_LEN: c_int = 65_536;

/// `sqlcipher_provider` of SQLCipher 4.19.0 (`sqlcipher.c`, "typedef struct sqlcipher_provider"), field by field.
#[repr(C)]
pub struct Provider {
    init: Option<unsafe extern "C" fn() -> c_int>,
    shutdown: Option<unsafe extern "C" fn()>,
    get_provider_name: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    add_random: unsafe extern "C" fn(*mut c_void, *const c_void, c_int) -> c_int,
    random: unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int,
    hmac: unsafe extern "C" fn(
        *mut c_void,
        c_int,
        *const c_uchar,
        c_int,
        *const c_uchar,
        c_int,
        *const c_uchar,
        c_int,
        *mut c_uchar,
    ) -> c_int,
    kdf: unsafe extern "C" fn(
        *mut c_void,
        c_int,
        *const c_uchar,
        c_int,
        *const c_uchar,
        c_int,
        c_int,
        c_int,
        *mut c_uchar,
    ) -> c_int,
    cipher: unsafe extern "C" fn(
        *mut c_void,
        c_int,
        *const c_uchar,
        c_int,
        *const c_uchar,
        *const c_uchar,
        c_int,
        *mut c_uchar,
    ) -> c_int,
    get_cipher: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    get_key_sz: unsafe extern "C" fn(*mut c_void) -> c_int,
    get_iv_sz: unsafe extern "C" fn(*mut c_void) -> c_int,
    get_block_sz: unsafe extern "C" fn(*mut c_void) -> c_int,
    get_hmac_sz: unsafe extern "C" fn(*mut c_void, c_int) -> c_int,
    ctx_init: unsafe extern "C" fn(*mut *mut c_void) -> c_int,
    ctx_free: unsafe extern "C" fn(*mut *mut c_void) -> c_int,
    fips_status: unsafe extern "C" fn(*mut c_void) -> c_int,
    get_provider_version: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    next: *mut Provider,
}

const _: () = assert!(size_of::<Provider>() == 18 * size_of::<usize>());

/// Called once by SQLCipher when SQLite starts. Without it the program would not link.
///
/// # Safety
/// `provider` points to memory for one `sqlcipher_provider`, writable and aligned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tabara_sqlcipher_setup(provider: *mut Provider) -> c_int {
    if provider.is_null() {
        return ERROR;
    }
    let table = Provider {
        init: None,
        shutdown: None,
        get_provider_name: name,
        add_random,
        random,
        hmac: page_mac,
        kdf,
        cipher: page_cipher,
        get_cipher: cipher_name,
        get_key_sz: size_32,
        get_iv_sz: size_16,
        get_block_sz: size_16,
        get_hmac_sz: mac_size,
        ctx_init: context,
        ctx_free: context,
        fips_status: zero,
        get_provider_version: version,
        next: ptr::null_mut(),
    };
    // SAFETY: not null; SQLCipher allocated `sizeof(sqlcipher_provider)` for it, aligned for pointers, and `Provider`
    // has the same fields in C's order. `write` reads and drops nothing that was there before.
    unsafe { provider.write(table) };
    OK
}

/// A slice of what SQLCipher points to. `None`: a null pointer to something, or a length out of bounds.
///
/// # Safety
/// A pointer that is not null is valid for reading `len` bytes, which nobody writes while the slice lives.
unsafe fn bytes<'a>(start: *const c_uchar, len: c_int) -> Option<&'a [u8]> {
    match (start.is_null(), len) {
        (_, 0) => Some(&[]),
        // SAFETY: not null, and by the caller's promise valid for `len` bytes, which is positive and small.
        (false, 1..=MAX_LEN) => Some(unsafe { slice::from_raw_parts(start, len as usize) }),
        _ => None,
    }
}

/// A slice that SQLCipher wants filled.
///
/// # Safety
/// A pointer that is not null is valid for reading and writing `len` initialised bytes, and while the slice lives
/// nobody else touches them.
unsafe fn bytes_mut<'a>(start: *mut c_uchar, len: c_int) -> Option<&'a mut [u8]> {
    match (start.is_null(), len) {
        // SAFETY: not null, and by the caller's promise ours for `len` bytes, which is positive and small.
        (false, 1..=MAX_LEN) => Some(unsafe { slice::from_raw_parts_mut(start, len as usize) }),
        _ => None,
    }
}

fn code(done: Option<()>) -> c_int {
    if done.is_some() { OK } else { ERROR }
}

/// Fills a page's vector, a new file's salt, and SQLCipher's own seeds.
unsafe extern "C" fn random(_: *mut c_void, out: *mut c_void, len: c_int) -> c_int {
    // SAFETY: SQLCipher passes a buffer of its own of `len` bytes (salt, end of the page buffer, seeds).
    let filled = unsafe { bytes_mut(out.cast(), len) }.map(|out| SystemRandom::new().fill(out));
    code(filled.and_then(Result::ok))
}

/// Extra randomness from `PRAGMA cipher_add_random` is not needed: the system's generator is always used.
unsafe extern "C" fn add_random(_: *mut c_void, _: *const c_void, _: c_int) -> c_int {
    OK
}

/// HMAC of an encrypted page with its vector and of its page number.
unsafe extern "C" fn page_mac(
    _: *mut c_void,
    algorithm: c_int,
    key: *const c_uchar,
    key_len: c_int,
    first: *const c_uchar,
    first_len: c_int,
    second: *const c_uchar,
    second_len: c_int,
    out: *mut c_uchar,
) -> c_int {
    if algorithm != SHA512 {
        return ERROR;
    }
    let done = || {
        // SAFETY: three input buffers of SQLCipher with their lengths, none written meanwhile: `out` is touched only
        // after the slices' last use, so it may even overlap them.
        let tag = unsafe { mac(bytes(key, key_len)?, bytes(first, first_len)?, bytes(second, second_len)?) };
        // SAFETY: SQLCipher reserves `get_hmac_sz(SHA512)` = 64 bytes at `out`, the length of this tag.
        unsafe { bytes_mut(out, 64) }?.copy_from_slice(tag.as_ref());
        Some(())
    };
    code(done())
}

/// Derives the page MAC's key from the raw key (2 rounds), and would stretch a passphrase, which we never give.
unsafe extern "C" fn kdf(
    _: *mut c_void,
    algorithm: c_int,
    password: *const c_uchar,
    password_len: c_int,
    salt: *const c_uchar,
    salt_len: c_int,
    rounds: c_int,
    out_len: c_int,
    out: *mut c_uchar,
) -> c_int {
    let rounds = u32::try_from(rounds).ok().and_then(NonZeroU32::new);
    let (SHA512, Some(rounds)) = (algorithm, rounds) else { return ERROR };
    let done = || {
        // SAFETY: password and salt are SQLCipher's buffers with their lengths; `out` is its key buffer of `out_len`
        // bytes. The three are separate: `key`, `pass`/`key` and salt of its context are allocated one by one, and the
        // call that derives the MAC's key reads `key` and writes `hmac_key`.
        unsafe { stretch(bytes(password, password_len)?, bytes(salt, salt_len)?, rounds, bytes_mut(out, out_len)?) };
        Some(())
    };
    code(done())
}

/// Encrypts or decrypts a page.
unsafe extern "C" fn page_cipher(
    _: *mut c_void,
    mode: c_int,
    key: *const c_uchar,
    key_len: c_int,
    iv: *const c_uchar,
    data: *const c_uchar,
    len: c_int,
    out: *mut c_uchar,
) -> c_int {
    if data.is_null() || out.is_null() || !(1..=MAX_LEN).contains(&len) || !matches!(mode, ENCRYPT | DECRYPT) {
        return ERROR;
    }
    // SAFETY: both are valid for `len` bytes: SQLCipher's input page and the output buffer. `copy` allows overlap, and
    // no slice of either exists yet.
    unsafe { ptr::copy(data, out, len as usize) };
    let done = || {
        // SAFETY: the key is SQLCipher's key buffer; the vector's 16 bytes stand behind the `len` bytes of `out`
        // (`iv_out = out + size`), so neither overlaps the slice of `out`, which alone is written.
        unsafe { crypt(mode == ENCRYPT, bytes(key, key_len)?, bytes(iv, 16)?, bytes_mut(out, len)?) }
    };
    code(done())
}

unsafe extern "C" fn name(_: *mut c_void) -> *const c_char {
    NAME.as_ptr()
}
unsafe extern "C" fn cipher_name(_: *mut c_void) -> *const c_char {
    CIPHER.as_ptr()
}
unsafe extern "C" fn version(_: *mut c_void) -> *const c_char {
    VERSION.as_ptr()
}
unsafe extern "C" fn size_32(_: *mut c_void) -> c_int {
    32
}
unsafe extern "C" fn size_16(_: *mut c_void) -> c_int {
    16
}
unsafe extern "C" fn zero(_: *mut c_void) -> c_int {
    0
}
unsafe extern "C" fn mac_size(_: *mut c_void, algorithm: c_int) -> c_int {
    if algorithm == SHA512 { 64 } else { 0 }
}

/// Starts and ends a context: there is no state, so there is nothing to make or free.
unsafe extern "C" fn context(slot: *mut *mut c_void) -> c_int {
    if slot.is_null() {
        return ERROR;
    }
    // SAFETY: not null; SQLCipher passes the address of its own `void *`.
    unsafe { slot.write(ptr::null_mut()) };
    OK
}

#[cfg(test)]
#[path = "cipher_tests.rs"]
mod tests;
