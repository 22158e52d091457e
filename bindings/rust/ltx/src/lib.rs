//! LTX-2 video and audio generation: a safe face of [libltx](https://docs.rs/ltx-sys).
//!
//! ```
//! use ltx::{Models, Pipeline, Quant, Recipe, Request};
//!
//! # fn main() -> ltx::Result<()> {
//! # let (models, folder) = (std::env::var("LTX_TEST_MODELS").unwrap(), std::env::temp_dir());
//! # let file = folder.join(format!("ltx-doc-{}.mp4", std::process::id()));
//! # let output = file.clone();
//! let pipeline = Pipeline::builder(Recipe::Distilled).models(Models::root(models)).quant(Quant::Int8).build()?;
//! let request = Request::new("rain on a pasture").size(64, 64).num_frames(9).seed(7);
//! let clip = pipeline.generate(&request)?;
//! clip.save(output)?;
//! # std::fs::remove_file(file).unwrap();
//! # Ok(())
//! # }
//! ```
//!
//! A [`Pipeline`] is a recipe with its files; it takes a [`Request`] and makes a [`Clip`]. [`Pipeline::generate`] blocks,
//! [`Pipeline::generate_with`] does with events, and [`Pipeline::start`] gives a [`Job`] that is asked for its events.
//!
//! * **Options** are plain structs: every member is public and `None` by default, and has a setter of its own name. `None` is
//!   the model's or recipe's default; [`Pipeline::resolve`] shows it. Names, units and values are those of the C header.
//! * **Errors** are [`Error`]: a kind to match on, and a message that names the file, tensor or member, what was expected, what
//!   was found and what to do.
//! * **Threads**: the program's code runs on the program's threads only. [`Pipeline`], [`Clip`] and [`CancelHandle`] are `Send`
//!   and `Sync`, [`Job`] is `Send`. A second run on a busy pipeline fails at once with [`ErrorKind::Busy`].
//! * **Cancelling**: `ControlFlow::Break` from a handler, a [`CancelHandle`], or dropping the job. A panic in a handler cancels
//!   the call and goes on when the call has ended.
//! * **Memory**: [`Clip::video`] and events borrow from the library, nothing is copied; frames that go in are the program's own
//!   and copied once, by the library. Dropping a value releases its handle.
//!
//! # The library
//!
//! libltx is linked. Its folder is `LTX_LIB_DIR` at build time, else what `pkg-config libltx` says. With the feature
//! `load-dynamic` nothing is linked: `ltx::load` opens a library at run time, or the first call opens the system's.

mod buffers;
mod clip;
mod conditions;
mod convert;
mod enums;
mod error;
mod event;
mod ffi;
#[cfg(test)]
mod fields_test;
mod handler;
mod job;
mod library;
mod models;
mod pipeline;
mod request;
mod resolve;

pub use buffers::{Frames, Samples, Target};
pub use clip::{Clip, Sha256, Stats};
pub use conditions::{Audio, Guidance, Image, Output, Tiling, Video};
pub use convert::Convert;
pub use enums::{
    ActScale, Arithmetic, ColorSpace, Component, Compute, Container, DecoderMode, DeviceType, Granularity, LayerSet,
    Location, LogLevel, LoraOrder, LoraRole, MemoryMode, NoiseSource, Phase, PixelFormat, PreviewMode, Priority, Quant,
    Recipe, Residency, Rounding, Sampler, TensorFormat, TilingMode, UnknownValue, VideoRole,
};
pub use error::{Error, ErrorKind, Result};
pub use event::{Event, Progress};
pub use job::{CancelHandle, Job, Outcome};
#[cfg(feature = "load-dynamic")]
pub use library::load;
pub use library::{build_info, devices, inspect, supports, version, Capability, Device, Info};
pub use ltx_sys as sys;
pub use models::{Lora, Models, QuantOptions, QuantRule};
pub use pipeline::{ComponentState, Pipeline, PipelineBuilder};
pub use request::{KeyframeSlots, Request};

/// What the crate promises about threads does not compile otherwise.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    const fn sent<T: Send>() {}
    shared::<Pipeline>();
    shared::<Clip>();
    shared::<CancelHandle>();
    shared::<Info>();
    shared::<Request>();
    shared::<Error>();
    sent::<Job>();
    sent::<Job<()>>();
    sent::<Event<'static>>();
};
