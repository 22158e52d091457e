//! The library itself: its version, the devices it sees, what it can, and what files hold.

use std::ffi::CStr;
use std::fmt;
use std::path::Path;

use ltx_sys as sys;

use crate::enums::{DeviceType, PreviewMode, Quant, Recipe, TensorFormat};
use crate::error::{check, text, Result};
use crate::ffi::{init, Handle, Keep};

/// The library is there. Linked, it always is.
#[cfg(not(feature = "load-dynamic"))]
pub(crate) fn ready() -> Result<()> {
    Ok(())
}

/// The library is there: what [`load`] opened, else what the system finds under the library's name.
#[cfg(feature = "load-dynamic")]
pub(crate) fn ready() -> Result<()> {
    if sys::is_loaded() {
        return Ok(());
    }
    let name = if cfg!(windows) {
        "ltx-0.dll"
    } else if cfg!(target_os = "macos") {
        "libltx.0.dylib"
    } else {
        "libltx.so.0"
    };
    // SAFETY: the name is the library's, as it would be of a linked program.
    match unsafe { sys::load(name) } {
        Err(_) if sys::is_loaded() => Ok(()), // another thread was first
        result => result.map_err(not_loaded),
    }
}

#[cfg(feature = "load-dynamic")]
fn not_loaded(error: sys::LoadError) -> crate::Error {
    crate::Error::new(sys::LTX_E_ENVIRONMENT, error.to_string())
}

/// Opens the library, `"/opt/ltx/lib/libltx.so.0"`. Without this call the first other one opens what the system finds under
/// the name `libltx.so.0`.
///
/// # Safety
/// The file must be libltx.
///
/// # Errors
/// [`ErrorKind::Environment`](crate::ErrorKind::Environment) if the file cannot be opened or is older than this crate, or if a
/// library is open already.
#[cfg(feature = "load-dynamic")]
pub unsafe fn load(path: impl AsRef<Path>) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { sys::load(path.as_ref()) }.map_err(not_loaded)
}

/// The library's version, `"0.1.0"`.
///
/// # Errors
/// Only with `load-dynamic`: the library is not found.
pub fn version() -> Result<&'static str> {
    ready()?;
    // SAFETY: the text is static.
    Ok(unsafe { fixed(sys::ltx_version_string()) })
}

/// What the library was built from and with, JSON (`"schema": 1`).
///
/// # Errors
/// As [`version`].
pub fn build_info() -> Result<&'static str> {
    ready()?;
    // SAFETY: the text is static.
    Ok(unsafe { fixed(sys::ltx_build_info()) })
}

/// # Safety
/// NUL-terminated and never freed.
unsafe fn fixed(address: *const std::ffi::c_char) -> &'static str {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(address) }.to_str().unwrap_or_default()
}

/// A device that networks run on.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its kind.
    pub device_type: Option<DeviceType>,
    /// Its number among those of its kind.
    pub index: i32,
    /// 90 = 9.0.
    pub compute_capability: i32,
    /// Processor cores on a CPU.
    pub multiprocessor_count: i32,
    /// Memory.
    pub total_bytes: u64,
    /// Memory that is free now.
    pub free_bytes: u64,
    /// What it is called.
    pub name: String,
    native_formats: u64,
}

impl Device {
    /// Whether it multiplies a format natively.
    pub fn is_native(&self, format: TensorFormat) -> bool {
        self.native_formats >> i32::from(format) & 1 == 1
    }
}

/// CUDA devices, and the CPU, which is the last.
///
/// ```
/// let cpu = ltx::devices()?.pop().expect("there is always a CPU");
/// assert_eq!(cpu.device_type, Some(ltx::DeviceType::Cpu));
/// # Ok::<(), ltx::Error>(())
/// ```
///
/// # Errors
/// Those of the driver.
pub fn devices() -> Result<Vec<Device>> {
    ready()?;
    let mut count = 0;
    // SAFETY: writes one number.
    check(unsafe { sys::ltx_device_count(&mut count) })?;
    (0..count)
        .map(|ordinal| {
            let mut raw = init::<sys::ltx_device_info>()?;
            // SAFETY: the struct is initialised.
            check(unsafe { sys::ltx_device_get(ordinal, &mut raw) })?;
            let sys::ltx_device_info {
                struct_size: _,
                type_,
                index,
                compute_capability,
                multiprocessor_count,
                reserved0: _,
                total_bytes,
                free_bytes,
                native_formats,
                name,
            } = raw;
            Ok(Device {
                device_type: type_.try_into().ok(),
                index,
                compute_capability,
                multiprocessor_count,
                total_bytes,
                free_bytes,
                // SAFETY: the library ends the name.
                name: unsafe { text(name.as_ptr()) },
                native_formats,
            })
        })
        .collect()
}

/// Something that a build may lack, or a device.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// A recipe.
    Recipe(Recipe),
    /// A quantization policy.
    Quant(Quant),
    /// A stored format.
    Format(TensorFormat),
    /// Media files can be read.
    MediaRead,
    /// Media files can be written.
    MediaWrite,
    /// EXR files.
    Exr,
    /// HLG files.
    Hlg,
    /// A kind of preview.
    Preview(PreviewMode),
    /// The device is there.
    Device,
    /// Prompts can be rewritten.
    Enhancer,
}

/// `Ok` if this build can, on that device; else the error that a use would give.
///
/// ```
/// use ltx::{supports, Capability, DeviceType, Recipe};
///
/// assert!(supports(Capability::Recipe(Recipe::Distilled), DeviceType::Cpu, 0).is_ok());
/// ```
///
/// # Errors
/// Why it cannot.
pub fn supports(capability: Capability, device: DeviceType, index: i32) -> Result<()> {
    ready()?;
    let (capability, value) = match capability {
        Capability::Recipe(value) => (sys::LTX_CAPABILITY_PIPELINE, value.into()),
        Capability::Quant(value) => (sys::LTX_CAPABILITY_QUANT, value.into()),
        Capability::Format(value) => (sys::LTX_CAPABILITY_FORMAT, value.into()),
        Capability::MediaRead => (sys::LTX_CAPABILITY_MEDIA_READ, 0),
        Capability::MediaWrite => (sys::LTX_CAPABILITY_MEDIA_WRITE, 0),
        Capability::Exr => (sys::LTX_CAPABILITY_EXR, 0),
        Capability::Hlg => (sys::LTX_CAPABILITY_HLG, 0),
        Capability::Preview(value) => (sys::LTX_CAPABILITY_PREVIEW, value.into()),
        Capability::Device => (sys::LTX_CAPABILITY_DEVICE, 0),
        Capability::Enhancer => (sys::LTX_CAPABILITY_ENHANCER, 0),
    };
    // SAFETY: numbers only.
    check(unsafe { sys::ltx_supports(capability, value, device.into(), index) })
}

/// A report as JSON (`"schema": 1`).
#[derive(Debug)]
pub struct Info {
    handle: Handle<sys::ltx_info>,
}

impl Info {
    pub(crate) fn new(handle: Handle<sys::ltx_info>) -> Self {
        Self { handle }
    }

    /// The text, for a JSON parser.
    pub fn json(&self) -> &str {
        // SAFETY: the text is the handle's, which `self` keeps; NULL would mean that it is no info.
        unsafe {
            let address = sys::ltx_info_json(self.handle.get());
            if address.is_null() {
                ""
            } else {
                CStr::from_ptr(address).to_str().unwrap_or_default()
            }
        }
    }
}

impl fmt::Display for Info {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.json())
    }
}

/// What a file or folder holds: version, components, formats, metadata. Reads headers only.
///
/// # Errors
/// Those of the files.
pub fn inspect(path: impl AsRef<Path>) -> Result<Info> {
    ready()?;
    let mut keep = Keep::default();
    let path = keep.path("path", Some(path.as_ref()))?.unwrap_or(std::ptr::null());
    // SAFETY: `keep` has the path.
    Handle::make(|out| unsafe { sys::ltx_inspect(path, out) }).map(Info::new)
}
