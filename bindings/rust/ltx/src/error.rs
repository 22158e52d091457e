//! What a failed call carries.

use std::ffi::CStr;
use std::fmt;

use ltx_sys as sys;

/// The result of every fallible call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The family of a failure; [`Error::status`] has the exact code.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A field's value is outside of its range, or the recipe does not use the field.
    InvalidArgument,
    /// A handle was freed, is of another type or was never valid.
    InvalidHandle,
    /// Crate and library know different versions of a struct.
    Version,
    /// Another call runs on the pipeline.
    Busy,
    /// A call on a pipeline out of its own event handler.
    Reentrant,
    /// Nothing arrived in time.
    Timeout,
    /// A handler, [`CancelHandle`](crate::CancelHandle) or a dropped job ended the call.
    Cancelled,
    /// The job still runs.
    NotReady,
    /// The recipe, the model or the device cannot do it, or this build of the library lacks it.
    Unsupported,
    /// A library of another version was loaded, or none.
    Environment,
    /// A file is missing, unreadable, damaged or of another kind, or the disk is full.
    File,
    /// A media file cannot be decoded or encoded.
    Media,
    /// Model files do not fit together, the recipe or the quantization.
    Model,
    /// The device's or the host's memory is too small.
    OutOfMemory,
    /// The device failed.
    Device,
    /// A network made NaN or infinity.
    Numeric,
    /// A fault of the library.
    Internal,
}

impl ErrorKind {
    /// Codes that later versions add belong to the family before them.
    fn of(status: i32) -> Self {
        match status {
            sys::LTX_E_INVALID_ARGUMENT => Self::InvalidArgument,
            sys::LTX_E_INVALID_HANDLE => Self::InvalidHandle,
            sys::LTX_E_STRUCT_SIZE | sys::LTX_E_TOO_NEW => Self::Version,
            sys::LTX_E_BUSY => Self::Busy,
            sys::LTX_E_REENTRANT => Self::Reentrant,
            sys::LTX_E_TIMEOUT => Self::Timeout,
            sys::LTX_E_CANCELLED => Self::Cancelled,
            sys::LTX_E_NOT_READY..=19 => Self::NotReady,
            sys::LTX_E_UNSUPPORTED..=sys::LTX_E_NO_DEVICE => Self::Unsupported,
            sys::LTX_E_ENVIRONMENT..=29 => Self::Environment,
            sys::LTX_E_FILE_NOT_FOUND..=sys::LTX_E_DISK_FULL => Self::File,
            sys::LTX_E_MEDIA_DECODE..=49 => Self::Media,
            sys::LTX_E_COMPONENT_MISSING..=69 => Self::Model,
            sys::LTX_E_OUT_OF_DEVICE_MEMORY..=sys::LTX_E_BUDGET => Self::OutOfMemory,
            sys::LTX_E_DEVICE_LOST..=79 => Self::Device,
            sys::LTX_E_NUMERIC..=98 => Self::Numeric,
            _ => Self::Internal,
        }
    }
}

/// A failed call: one sentence of facts (file, tensor or field, expected, found) and one of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    status: i32,
    message: String,
}

impl Error {
    pub(crate) fn new(status: i32, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// The calling thread's last failure.
    pub(crate) fn last(status: i32) -> Self {
        // SAFETY: the text is valid until the thread's next call.
        Self::new(status, unsafe { text(sys::ltx_last_error()) })
    }

    /// The family, for `match`.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::of(self.status)
    }

    /// The code of the header, `ltx::sys::LTX_E_BUSY`.
    pub fn status(&self) -> i32 {
        self.status
    }

    /// The same text as `Display`.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// `Err` with the thread's last message unless the status is `LTX_OK`.
pub(crate) fn check(status: i32) -> Result<()> {
    if status == sys::LTX_OK {
        Ok(())
    } else {
        Err(Error::last(status))
    }
}

/// A text of the library; "" for NULL.
///
/// # Safety
/// NULL, or NUL-terminated and alive during the call.
pub(crate) unsafe fn text(address: *const std::ffi::c_char) -> String {
    if address.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(address) }.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        assert_eq!(ErrorKind::of(sys::LTX_E_TOO_NEW), ErrorKind::Version);
        assert_eq!(ErrorKind::of(sys::LTX_E_NOT_BUILT), ErrorKind::Unsupported);
        assert_eq!(ErrorKind::of(sys::LTX_E_QUANT), ErrorKind::Model);
        assert_eq!(ErrorKind::of(57), ErrorKind::Model);
        assert_eq!(ErrorKind::of(sys::LTX_E_DEVICE), ErrorKind::Device);
        assert_eq!(ErrorKind::of(12), ErrorKind::NotReady);
        assert_eq!(ErrorKind::of(1000), ErrorKind::Internal);
    }
}
