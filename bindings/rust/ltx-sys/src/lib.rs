//! Declarations of libltx's C header, `ltx_c.h`. The crate `ltx` is the safe face of them.
//!
//! Names, values and rules are those of the header: structs are filled by [`ltx_init`], handles are released by
//! [`ltx_free`], enumerations are plain `i32` numbers. Without the feature `load-dynamic` the functions are linked; with it
//! [`load`] opens the library at run time.
#![no_std]

#[cfg(not(target_pointer_width = "64"))]
compile_error!("libltx exists for 64-bit targets only");

#[cfg(feature = "load-dynamic")]
extern crate std;

#[cfg(feature = "load-dynamic")]
#[macro_use]
mod dynamic;
#[cfg(feature = "load-dynamic")]
pub use dynamic::{is_loaded, load, LoadError};

#[cfg(not(feature = "load-dynamic"))]
macro_rules! functions {
    ($($declarations:tt)*) => {
        extern "C" { $($declarations)* }
    };
}

#[rustfmt::skip]
#[allow(missing_docs, non_camel_case_types, clippy::missing_safety_doc)]
mod bindings;
pub use bindings::*;
