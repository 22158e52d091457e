//! From Rust values to the header's structs: initialised by the library, filled member by member, with everything they point
//! to kept alive in one place.

use std::any::Any;
use std::ffi::{c_char, CString};
use std::mem::{size_of, MaybeUninit};
use std::path::Path;
use std::ptr::NonNull;

use ltx_sys as sys;

use crate::error::{check, Error, Result};
use crate::library;

/// A struct that the library initialises.
pub(crate) trait CStruct: Sized {
    const TYPE: sys::ltx_struct;
}

macro_rules! c_structs {
    ($($type:ident = $constant:ident,)*) => {$(
        impl CStruct for sys::$type {
            const TYPE: sys::ltx_struct = sys::$constant;
        }
    )*};
}
c_structs! {
    ltx_model_paths = LTX_STRUCT_MODEL_PATHS,
    ltx_lora = LTX_STRUCT_LORA,
    ltx_quant_rule = LTX_STRUCT_QUANT_RULE,
    ltx_quant_options = LTX_STRUCT_QUANT_OPTIONS,
    ltx_component_residency = LTX_STRUCT_COMPONENT_RESIDENCY,
    ltx_pipeline_params = LTX_STRUCT_PIPELINE_PARAMS,
    ltx_guidance = LTX_STRUCT_GUIDANCE,
    ltx_tiling = LTX_STRUCT_TILING,
    ltx_video_buffer = LTX_STRUCT_VIDEO_BUFFER,
    ltx_audio_buffer = LTX_STRUCT_AUDIO_BUFFER,
    ltx_image_condition = LTX_STRUCT_IMAGE_CONDITION,
    ltx_video_condition = LTX_STRUCT_VIDEO_CONDITION,
    ltx_audio_condition = LTX_STRUCT_AUDIO_CONDITION,
    ltx_output = LTX_STRUCT_OUTPUT,
    ltx_request = LTX_STRUCT_REQUEST,
    ltx_progress = LTX_STRUCT_PROGRESS,
    ltx_event = LTX_STRUCT_EVENT,
    ltx_stats = LTX_STRUCT_STATS,
    ltx_device_info = LTX_STRUCT_DEVICE_INFO,
    ltx_component_state = LTX_STRUCT_COMPONENT_STATE,
    ltx_convert_params = LTX_STRUCT_CONVERT_PARAMS,
}

/// A struct with the library's defaults. `Version` if this crate is newer than the library.
pub(crate) fn init<T: CStruct>() -> Result<T> {
    library::ready()?;
    let mut object = MaybeUninit::<T>::uninit();
    // SAFETY: ltx_init writes the whole struct or fails.
    unsafe {
        check(sys::ltx_init(T::TYPE, object.as_mut_ptr().cast(), size_of::<T>()))?;
        Ok(object.assume_init())
    }
}

/// Sets the members of a struct whose value is `Some`. Every member must be named, so a member that a newer header appends
/// does not compile until it is bound.
macro_rules! fill {
    ($raw:ident: $type:ident { $($field:ident: $value:expr),* $(,)? } $(reserved { $($hole:ident),* })?) => {
        $(if let Some(value) = $value { $raw.$field = value.into(); })*
        let sys::$type { struct_size: _, $($field: _,)* $($($hole: _,)*)? } = &$raw;
    };
}
pub(crate) use fill;

/// A struct of options: public members, and for each a setter of the same name that returns the struct. `None`, the default,
/// is the model's or recipe's own value. `values` take the type as it is, `texts` whatever converts into it; `others` have
/// setters of their own.
macro_rules! options {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(values { $($(#[$value_doc:meta])* $value:ident: $value_type:ty,)* })?
            $(texts { $($(#[$text_doc:meta])* $text:ident: $text_type:ty,)* })?
            $(others { $($(#[$other_doc:meta])* $other:ident: $other_type:ty,)* })?
        }
    ) => {
        $(#[$meta])*
        #[non_exhaustive]
        #[derive(Debug, Clone, Default)]
        pub struct $name {
            $($($(#[$value_doc])* pub $value: Option<$value_type>,)*)?
            $($($(#[$text_doc])* pub $text: Option<$text_type>,)*)?
            $($($(#[$other_doc])* pub $other: $other_type,)*)?
        }

        impl $name {
            $($(
                $(#[$value_doc])*
                #[must_use]
                pub fn $value(mut self, $value: $value_type) -> Self {
                    self.$value = Some($value);
                    self
                }
            )*)?
            $($(
                $(#[$text_doc])*
                #[must_use]
                pub fn $text(mut self, $text: impl Into<$text_type>) -> Self {
                    self.$text = Some($text.into());
                    self
                }
            )*)?
        }
    };
}
pub(crate) use options;

/// What the pointers of structs point to, for the time of one call.
#[derive(Default)]
pub(crate) struct Keep {
    memory: Vec<Box<dyn Any>>,
}

impl Keep {
    /// `field` names the text in the error: one with a NUL inside cannot be passed on.
    pub(crate) fn text(&mut self, field: &str, text: Option<&str>) -> Result<Option<*const c_char>> {
        let Some(text) = text else { return Ok(None) };
        let text = CString::new(text).map_err(|error| {
            let place = error.nul_position();
            Error::new(
                sys::LTX_E_INVALID_ARGUMENT,
                format!("{field} has a NUL character at byte {place}. Remove it, texts end there."),
            )
        })?;
        let address = text.as_ptr();
        self.memory.push(Box::new(text));
        Ok(Some(address))
    }

    pub(crate) fn path(&mut self, field: &str, path: Option<&Path>) -> Result<Option<*const c_char>> {
        let Some(path) = path else { return Ok(None) };
        let text = path.to_str().ok_or_else(|| {
            Error::new(
                sys::LTX_E_INVALID_ARGUMENT,
                format!(
                    "{field} is '{}', which is not UTF-8. Rename the file or folder.",
                    path.display()
                ),
            )
        })?;
        self.text(field, Some(text))
    }

    pub(crate) fn one<T: 'static>(&mut self, value: Option<T>) -> Option<*const T> {
        value.map(|value| self.many(vec![value]).0.expect("not empty"))
    }

    /// Address and count; nothing for an empty array.
    pub(crate) fn many<T: 'static>(&mut self, values: Vec<T>) -> (Option<*const T>, Option<usize>) {
        if values.is_empty() {
            return (None, None);
        }
        let place = (Some(values.as_ptr()), Some(values.len()));
        self.memory.push(Box::new(values));
        place
    }

    /// As [`Keep::many`], but an empty list is one with an address.
    pub(crate) fn list(&mut self, values: Option<&[i32]>) -> (Option<*const i32>, Option<usize>) {
        match values {
            Some([]) => (Some(NonNull::dangling().as_ptr()), Some(0)),
            Some(values) => self.many(values.to_vec()),
            None => (None, None),
        }
    }
}

/// Owns a handle of any type.
#[derive(Debug)]
pub(crate) struct Handle<T>(NonNull<T>);

// SAFETY: a handle is a token, which every function of the library looks up under a lock; none is tied to a thread.
unsafe impl<T> Send for Handle<T> {}
// SAFETY: the same.
unsafe impl<T> Sync for Handle<T> {}

impl<T> Handle<T> {
    /// Calls a function that makes a handle.
    pub(crate) fn make(call: impl FnOnce(*mut *mut T) -> sys::ltx_status) -> Result<Self> {
        let mut handle = std::ptr::null_mut();
        check(call(&mut handle))?;
        NonNull::new(handle).map(Self).ok_or_else(|| {
            Error::new(
                sys::LTX_E_INTERNAL,
                "libltx made no handle. Report this with the library's version.",
            )
        })
    }

    pub(crate) fn get(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        // SAFETY: the handle is released once; the library ignores stale ones anyway.
        unsafe { sys::ltx_free(self.get().cast()) }
    }
}
