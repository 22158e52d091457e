//! Model files in another number format.

use std::ops::ControlFlow;
use std::path::PathBuf;

use ltx_sys as sys;

use crate::enums::{Container, DeviceType, LogLevel, Quant};
use crate::error::{check, Result};
use crate::event::Event;
use crate::ffi::{fill, init, options, Handle, Keep};
use crate::handler;
use crate::job::Job;
use crate::models::{lower_all, lower_one, Lora, Models, QuantOptions, QuantRule};

options! {
    /// Writes model files anew: quantized or dequantized, LoRAs fused, parts split. Every file appears complete under its name
    /// or not at all. A converted file loads with the bits that quantizing at load gives.
    ///
    /// ```no_run
    /// use ltx::{Convert, Models, Quant};
    ///
    /// Convert::new(Models::root("models"), "converted").quant(Quant::Int8).run()?;
    /// # Ok::<(), ltx::Error>(())
    /// ```
    pub struct Convert {
        values {
            /// Kind of file that is written.
            container: Container,
            /// Policy of the transformer; [`Quant::Auto`] keeps the stored formats.
            quant: Quant,
            /// Policy of the text models, likewise.
            text_quant: Quant,
            /// Where the arithmetic runs.
            device_type: DeviceType,
            /// Its number.
            device_index: i32,
            /// One file per component.
            split: bool,
            /// Existing files are replaced.
            overwrite: bool,
            /// Files are read again, with the error of every tensor; on.
            verify: bool,
            /// Lowest level sent as [`Event::Log`].
            log_level: LogLevel,
            /// The files to convert. Required.
            models: Models,
            /// Refines `quant`.
            quant_options: QuantOptions,
            /// Refines `text_quant`.
            text_quant_options: QuantOptions,
        }
        texts {
            /// The folder to write to. Required.
            output_path: PathBuf,
            /// Short for that of `quant_options`.
            calibration_path: PathBuf,
        }
        others {
            /// Fused.
            loras: Vec<Lora>,
            /// Overrides of the policy.
            quant_rules: Vec<QuantRule>,
        }
    }
}

impl Convert {
    /// These files, into that folder.
    pub fn new(models: Models, output_path: impl Into<PathBuf>) -> Self {
        Self::default().models(models).output_path(output_path)
    }

    /// Adds a LoRA to fuse.
    #[must_use]
    pub fn lora(mut self, lora: Lora) -> Self {
        self.loras.push(lora);
        self
    }

    /// Adds an override of the policy; the last match wins.
    #[must_use]
    pub fn quant_rule(mut self, rule: QuantRule) -> Self {
        self.quant_rules.push(rule);
        self
    }

    /// Converts.
    ///
    /// # Errors
    /// `InvalidArgument` if a file of that name exists and `overwrite` is off; those of the files.
    pub fn run(&self) -> Result<()> {
        self.run_with(|_| ControlFlow::Continue(()))
    }

    /// The same with events.
    ///
    /// # Errors
    /// As [`Convert::run`]; `Cancelled` after `Break`.
    pub fn run_with(&self, on_event: impl FnMut(&Event<'_>) -> ControlFlow<()>) -> Result<()> {
        let mut keep = Keep::default();
        let raw = self.lower(&mut keep)?;
        handler::run(on_event, |function, data| {
            // SAFETY: `keep` has what the struct points to; `data` belongs to `function`.
            check(unsafe { sys::ltx_convert(&raw, function, data) })
        })
    }

    /// The same on the library's thread.
    ///
    /// # Errors
    /// As [`Convert::run`], before anything is written.
    pub fn start(&self) -> Result<Job<()>> {
        let mut keep = Keep::default();
        let raw = self.lower(&mut keep)?;
        // SAFETY: the library copies what it needs before it returns.
        Handle::make(|out| unsafe { sys::ltx_convert_start(&raw, out) }).map(Job::new)
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_convert_params> {
        let loras = lower_all(keep, &self.loras, Lora::lower)?;
        let rules = lower_all(keep, &self.quant_rules, QuantRule::lower)?;
        let mut raw = init::<sys::ltx_convert_params>()?;
        fill!(raw: ltx_convert_params {
            container: self.container,
            quant: self.quant,
            text_quant: self.text_quant,
            device_type: self.device_type,
            device_index: self.device_index,
            split: self.split,
            overwrite: self.overwrite,
            verify: self.verify,
            log_level: self.log_level,
            models: lower_one(keep, self.models.as_ref(), Models::lower)?,
            quant_options: lower_one(keep, self.quant_options.as_ref(), QuantOptions::lower)?,
            text_quant_options: lower_one(keep, self.text_quant_options.as_ref(), QuantOptions::lower)?,
            loras: loras.0,
            lora_count: loras.1,
            quant_rules: rules.0,
            quant_rule_count: rules.1,
            output_path: keep.path("params.output_path", self.output_path.as_deref())?,
            calibration_path: keep.path("params.calibration_path", self.calibration_path.as_deref())?,
        });
        Ok(raw)
    }
}
