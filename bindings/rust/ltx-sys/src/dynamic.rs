//! The library is opened at run time: the list of functions becomes a table, and one function of the same name for each
//! entry, so that callers are written once for both ways.

use std::ffi::OsStr;
use std::format;
use std::string::{String, ToString};
use std::sync::OnceLock;

use crate::bindings::{ltx_version_string, Functions};

static TABLE: OnceLock<Functions> = OnceLock::new();

/// Why a library could not be opened, or that one is open already.
#[derive(Debug, Clone)]
pub struct LoadError(String);

impl std::fmt::Display for LoadError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for LoadError {}

/// Opens the library, `"/opt/ltx/lib/libltx.so.0"`, or a name that the system searches for, `"libltx.so.0"`. It stays open
/// until the process ends.
///
/// # Safety
/// The file must be libltx: opening a library runs its code, and functions are found by their names alone.
///
/// # Errors
/// The file cannot be opened; it lacks a function because it is older than this crate; a library is open already.
pub unsafe fn load(path: impl AsRef<OsStr>) -> Result<(), LoadError> {
    let path = path.as_ref();
    let failed = |error: libloading::Error| {
        LoadError(format!(
            "'{}' is not the library: {error}. Name a libltx of this version.",
            path.to_string_lossy()
        ))
    };
    if is_loaded() {
        return Err(already_open());
    }
    // SAFETY: the caller vouches for the file.
    let functions = unsafe {
        let library = libloading::Library::new(path).map_err(failed)?;
        let functions = Functions::find(&library).map_err(failed)?;
        std::mem::forget(library); // the table points into it
        functions
    };
    TABLE.set(functions).map_err(|_| already_open())
}

/// Whether [`load`] has succeeded.
pub fn is_loaded() -> bool {
    TABLE.get().is_some()
}

fn already_open() -> LoadError {
    // SAFETY: the text is static.
    let version = unsafe { std::ffi::CStr::from_ptr(ltx_version_string()) };
    LoadError(format!(
        "libltx {} is open already. Load it once per process.",
        version.to_str().map(ToString::to_string).unwrap_or_default()
    ))
}

/// # Panics
/// Without a library.
pub(crate) fn table() -> &'static Functions {
    TABLE.get().expect("no libltx is open: call ltx_sys::load first")
}

macro_rules! functions {
    ($($(#[$meta:meta])* pub fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $returned:ty)?;)*) => {
        pub(crate) struct Functions { $($name: unsafe extern "C" fn($($type),*) $(-> $returned)?),* }

        impl Functions {
            /// # Safety
            /// The library must be libltx.
            pub(crate) unsafe fn find(library: &libloading::Library) -> Result<Self, libloading::Error> {
                // SAFETY: a function of this name has this type there.
                unsafe { Ok(Self { $($name: *library.get(concat!(stringify!($name), "\0").as_bytes())?),* }) }
            }
        }

        $($(#[$meta])* pub unsafe fn $name($($argument: $type),*) $(-> $returned)? {
            // SAFETY: the same rules as for the function in the table.
            unsafe { (crate::dynamic::table().$name)($($argument),*) }
        })*
    };
}
