//! C face of Hugging Face `tokenizers`; the contract is written in `ltx_tokenizer.h`.

use std::ffi::{c_char, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::slice;
use std::sync::Once;

use tokenizers::utils::truncation::TruncationDirection;
use tokenizers::{AddedToken, PostProcessor, Tokenizer};

/// The opaque handle of the C face.
pub struct Handle {
    tokenizer: Tokenizer,
}

type Outcome<T> = Result<T, String>;

/// Runs `body`; turns an error or a panic into a message owned by the caller.
fn guarded(body: impl FnOnce() -> Outcome<()>) -> *mut c_char {
    // The default hook prints to standard error. The hook belongs to this archive's own copy of the runtime.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let message = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return std::ptr::null_mut(),
        Ok(Err(message)) => message,
        Err(payload) => payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| text.to_string()))
            .unwrap_or_else(|| "the tokenizer failed without a message".to_string()),
    };
    CString::new(message.replace('\0', "?"))
        .unwrap_or_default()
        .into_raw()
}

/// # Safety
/// `data` points to `size` readable bytes, or `size` is 0.
unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 {
        &[]
    } else {
        slice::from_raw_parts(data, size)
    }
}

/// # Safety
/// As `bytes`.
unsafe fn utf8<'a>(data: *const u8, size: usize) -> Outcome<&'a str> {
    std::str::from_utf8(bytes(data, size)).map_err(|error| format!("text is not UTF-8: {error}"))
}

/// Hands a vector to C as pointer and length; `take_back` is its inverse.
fn give<T>(values: Vec<T>) -> (*mut T, usize) {
    let boxed = values.into_boxed_slice();
    let count = boxed.len();
    (Box::into_raw(boxed) as *mut T, count)
}

/// # Safety
/// The pair came from `give`, or the pointer is null.
unsafe fn take_back<T>(data: *mut T, count: usize) {
    if !data.is_null() {
        drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(data, count)));
    }
}

/// # Safety
/// See `ltx_tokenizer.h`.
#[no_mangle]
pub unsafe extern "C" fn ltx_tokenizer_open(
    json: *const u8,
    size: usize,
    out: *mut *mut Handle,
) -> *mut c_char {
    guarded(|| {
        let mut tokenizer = Tokenizer::from_bytes(bytes(json, size)).map_err(|error| error.to_string())?;
        tokenizer
            .with_truncation(None)
            .map_err(|error| error.to_string())?;
        tokenizer.with_padding(None);
        *out = Box::into_raw(Box::new(Handle { tokenizer }));
        Ok(())
    })
}

/// # Safety
/// See `ltx_tokenizer.h`.
#[no_mangle]
pub unsafe extern "C" fn ltx_tokenizer_free(handle: *mut Handle) {
    if !handle.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(handle))));
    }
}

/// # Safety
/// See `ltx_tokenizer.h`.
#[no_mangle]
pub unsafe extern "C" fn ltx_tokenizer_id(
    handle: *const Handle,
    piece: *const u8,
    size: usize,
    found: *mut bool,
    id: *mut u32,
) -> *mut c_char {
    guarded(|| {
        let value = (*handle).tokenizer.token_to_id(utf8(piece, size)?);
        *found = value.is_some();
        *id = value.unwrap_or(0);
        Ok(())
    })
}

/// # Safety
/// See `ltx_tokenizer.h`.
#[no_mangle]
pub unsafe extern "C" fn ltx_tokenizer_add_special(
    handle: *mut Handle,
    piece: *const u8,
    size: usize,
) -> *mut c_char {
    guarded(|| {
        let token = AddedToken::from(utf8(piece, size)?.to_string(), true);
        (*handle)
            .tokenizer
            .add_special_tokens([token])
            .map_err(|error| error.to_string())?;
        Ok(())
    })
}

/// # Safety
/// See `ltx_tokenizer.h`.
#[no_mangle]
pub unsafe extern "C" fn ltx_tokenizer_encode(
    handle: *const Handle,
    text: *const u8,
    size: usize,
    special: bool,
    limit: usize,
    ids: *mut *mut u32,
    count: *mut usize,
) -> *mut c_char {
    guarded(|| {
        let tokenizer = &(*handle).tokenizer;
        let mut encoding = tokenizer
            .encode(utf8(text, size)?, false)
            .map_err(|error| error.to_string())?;
        let processor = tokenizer.get_post_processor().filter(|_| special);
        if limit > 0 {
            let added = processor.map_or(0, |one| one.added_tokens(false));
            encoding.truncate(limit.saturating_sub(added), 0, TruncationDirection::Right);
        }
        if let Some(one) = processor {
            encoding = one
                .process(encoding, None, true)
                .map_err(|error| error.to_string())?;
        }
        (*ids, *count) = give(encoding.get_ids().to_vec());
        Ok(())
    })
}

/// # Safety
/// See `ltx_tokenizer.h`.
#[no_mangle]
pub unsafe extern "C" fn ltx_tokenizer_ids_free(ids: *mut u32, count: usize) {
    take_back(ids, count);
}

/// # Safety
/// See `ltx_tokenizer.h`.
#[no_mangle]
pub unsafe extern "C" fn ltx_tokenizer_decode(
    handle: *const Handle,
    ids: *const u32,
    count: usize,
    skip_special: bool,
    text: *mut *mut u8,
    size: *mut usize,
) -> *mut c_char {
    guarded(|| {
        let ids = if count == 0 {
            &[]
        } else {
            slice::from_raw_parts(ids, count)
        };
        let decoded = (*handle)
            .tokenizer
            .decode(ids, skip_special)
            .map_err(|error| error.to_string())?;
        (*text, *size) = give(decoded.into_bytes());
        Ok(())
    })
}

/// # Safety
/// See `ltx_tokenizer.h`.
#[no_mangle]
pub unsafe extern "C" fn ltx_tokenizer_text_free(text: *mut u8, size: usize) {
    take_back(text, size);
}

/// # Safety
/// See `ltx_tokenizer.h`.
#[no_mangle]
pub unsafe extern "C" fn ltx_tokenizer_error_free(error: *mut c_char) {
    if !error.is_null() {
        drop(CString::from_raw(error));
    }
}
