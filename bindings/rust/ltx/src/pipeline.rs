//! A recipe with its files, and the calls that run it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ltx_sys as sys;

use crate::clip::Clip;
use crate::enums::{
    Component, Compute, DecoderMode, DeviceType, LogLevel, MemoryMode, Priority, Quant, Recipe, Residency,
};
use crate::error::{check, Error, Result};
use crate::event::Event;
use crate::ffi::{fill, init, Handle, Keep};
use crate::handler;
use crate::job::Job;
use crate::library::{ready, Info};
use crate::models::{lower_all, lower_one, Lora, Models, QuantOptions, QuantRule};
use crate::request::Request;

/// Makes a [`Pipeline`]. Unset, everything is the library's default.
#[derive(Debug, Clone, Default)]
pub struct PipelineBuilder<'p> {
    recipe: Option<Recipe>,
    quant: Option<Quant>,
    text_quant: Option<Quant>,
    vae_quant: Option<Quant>,
    measure_quantization: Option<bool>,
    compute_dtype: Option<Compute>,
    quant_options: Option<QuantOptions>,
    text_quant_options: Option<QuantOptions>,
    device_type: Option<DeviceType>,
    device_index: Option<i32>,
    memory_mode: Option<MemoryMode>,
    decoder_mode: Option<DecoderMode>,
    max_batch_size: Option<i32>,
    prompt_cache_entries: Option<i32>,
    gpu_priority: Option<Priority>,
    log_level: Option<LogLevel>,
    cuda_graphs: Option<bool>,
    device_memory_limit: Option<u64>,
    host_memory_limit: Option<u64>,
    models: Option<Models>,
    loras: Vec<Lora>,
    quant_rules: Vec<QuantRule>,
    residency: Vec<(Component, Residency)>,
    share_with: Option<&'p Pipeline>,
    weight_cache: Option<PathBuf>,
}

macro_rules! setters {
    ($($(#[$meta:meta])* $name:ident: $type:ty,)*) => {$(
        $(#[$meta])*
        #[must_use]
        pub fn $name(mut self, $name: $type) -> Self {
            self.$name = Some($name);
            self
        }
    )*};
}

impl<'p> PipelineBuilder<'p> {
    setters! {
        /// The model's files. Required.
        models: Models,
        /// Policy of the transformer.
        quant: Quant,
        /// Policy of the text models.
        text_quant: Quant,
        /// Policy of the video VAE.
        vae_quant: Quant,
        /// Weight error per layer into [`Pipeline::info`].
        measure_quantization: bool,
        /// Arithmetic of all networks between quantized layers.
        compute_dtype: Compute,
        /// Refines `quant`.
        quant_options: QuantOptions,
        /// Refines `text_quant`.
        text_quant_options: QuantOptions,
        /// A preset of where weights live.
        memory_mode: MemoryMode,
        /// Preset of the diffusion video decoder.
        decoder_mode: DecoderMode,
        /// Guidance passes per call, 1 to 4; 1.
        max_batch_size: i32,
        /// Encoded prompts kept in host memory; 8.
        prompt_cache_entries: i32,
        /// Priority of the CUDA stream.
        gpu_priority: Priority,
        /// Lowest level sent as [`Event::Log`]; [`LogLevel::Warning`].
        log_level: LogLevel,
        /// Capture the block loop where weights are resident.
        cuda_graphs: bool,
        /// Bytes.
        device_memory_limit: u64,
        /// Bytes.
        host_memory_limit: u64,
        /// Components with equal file, policy, device and LoRAs are shared.
        share_with: &'p Pipeline,
    }

    /// A device and its number among those of its type; the first CUDA device, else the CPU.
    #[must_use]
    pub fn device(mut self, device_type: DeviceType, index: i32) -> Self {
        (self.device_type, self.device_index) = (Some(device_type), Some(index));
        self
    }

    /// A folder for weights that a policy encodes: written at the first load, mapped afterwards, with the same bits. Several
    /// processes may use it at once.
    #[must_use]
    pub fn weight_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.weight_cache = Some(folder.into());
        self
    }

    /// Adds a LoRA; they are fused when the transformer is loaded.
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

    /// Adds an override of the memory mode.
    #[must_use]
    pub fn residency(mut self, component: Component, residency: Residency) -> Self {
        self.residency.push((component, residency));
        self
    }

    /// Reads file headers, checks what the recipe needs and plans. Weights are loaded by the first call that needs them.
    ///
    /// # Errors
    /// [`ErrorKind::Model`](crate::ErrorKind::Model) if a file of the recipe is not given, and whatever the files say.
    pub fn build(&self) -> Result<Pipeline> {
        let mut keep = Keep::default();
        let params = self.lower(&mut keep)?;
        // SAFETY: `keep` has what the struct points to; the library copies it.
        Handle::make(|out| unsafe { sys::ltx_pipeline_create(&params, out) }).map(|handle| Pipeline { handle })
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_pipeline_params> {
        let loras = lower_all(keep, &self.loras, Lora::lower)?;
        let rules = lower_all(keep, &self.quant_rules, QuantRule::lower)?;
        let residency = lower_all(keep, &self.residency, |&(component, residency), _| {
            let mut raw = init::<sys::ltx_component_residency>()?;
            fill!(raw: ltx_component_residency {
                component: Some(component),
                residency: Some(residency),
            } reserved { reserved0 });
            Ok(raw)
        })?;
        let mut raw = init::<sys::ltx_pipeline_params>()?;
        fill!(raw: ltx_pipeline_params {
            kind: self.recipe,
            quant: self.quant,
            text_quant: self.text_quant,
            vae_quant: self.vae_quant,
            measure_quantization: self.measure_quantization,
            compute_dtype: self.compute_dtype,
            quant_options: lower_one(keep, self.quant_options.as_ref(), QuantOptions::lower)?,
            text_quant_options: lower_one(keep, self.text_quant_options.as_ref(), QuantOptions::lower)?,
            device_type: self.device_type,
            device_index: self.device_index,
            memory_mode: self.memory_mode,
            decoder_mode: self.decoder_mode,
            max_batch_size: self.max_batch_size,
            prompt_cache_entries: self.prompt_cache_entries,
            gpu_priority: self.gpu_priority,
            log_level: self.log_level,
            cuda_graphs: self.cuda_graphs,
            device_memory_limit: self.device_memory_limit,
            host_memory_limit: self.host_memory_limit,
            models: lower_one(keep, self.models.as_ref(), Models::lower)?,
            loras: loras.0,
            lora_count: loras.1,
            quant_rules: rules.0,
            quant_rule_count: rules.1,
            residency: residency.0,
            residency_count: residency.1,
            share_with: self.share_with.map(|pipeline| pipeline.handle.get()),
            weight_cache: keep.path("params.weight_cache", self.weight_cache.as_deref())?,
        } reserved { reserved0, reserved1 });
        Ok(raw)
    }
}

/// Where a component is and how large.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComponentState {
    /// The component; [`Component::All`] sums up.
    pub component: Option<Component>,
    /// Where its weights live between uses.
    pub residency: Option<Residency>,
    /// How they are stored.
    pub quant: Option<Quant>,
    /// Whether they are on the device now.
    pub on_device: bool,
    /// Whether another pipeline uses them too.
    pub shared: bool,
    /// Bytes on the device.
    pub device_bytes: u64,
    /// Bytes in host memory.
    pub host_bytes: u64,
    /// Bytes of the file that are the component's.
    pub file_bytes: u64,
}

/// A recipe, its model files, their quantization and the plan that places them in memory.
///
/// Any thread may use it, several at once too: calls that report and resolve run beside each other, of those that run a
/// network or move weights a second one gets [`ErrorKind::Busy`](crate::ErrorKind::Busy) at once. Dropping a pipeline whose
/// job still runs does not end the job.
///
/// ```
/// use ltx::{Models, Pipeline, Recipe, Request};
///
/// # fn main() -> ltx::Result<()> {
/// # let models = std::env::var("LTX_TEST_MODELS").expect("LTX_TEST_MODELS");
/// let pipeline = Pipeline::builder(Recipe::Distilled).models(Models::root(models)).build()?;
/// let request = Request::new("rain on a pasture").size(64, 64).num_frames(9);
/// assert_eq!(pipeline.resolve(&request)?.frame_rate, Some(24.0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pipeline {
    handle: Handle<sys::ltx_pipeline>,
}

impl Pipeline {
    /// A builder for one recipe.
    pub fn builder<'p>(recipe: Recipe) -> PipelineBuilder<'p> {
        PipelineBuilder {
            recipe: Some(recipe),
            ..PipelineBuilder::default()
        }
    }

    /// Runs the recipe. Everything is validated before weights are loaded.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) names the member of the request; `Busy` if another
    /// call runs. The pipeline stays usable, and no partial file remains.
    pub fn generate(&self, request: &Request) -> Result<Clip> {
        self.generate_raw(request, None, std::ptr::null_mut())
    }

    /// The same with events, on this thread. `ControlFlow::Break` cancels; a panic cancels too and goes on when the call has
    /// ended, with the pipeline usable.
    ///
    /// ```
    /// # use ltx::{Event, Models, Pipeline, Recipe, Request};
    /// use std::ops::ControlFlow;
    ///
    /// # fn main() -> ltx::Result<()> {
    /// # let models = std::env::var("LTX_TEST_MODELS").expect("LTX_TEST_MODELS");
    /// # let pipeline = Pipeline::builder(Recipe::Distilled).models(Models::root(models)).build()?;
    /// # let request = Request::new("rain on a pasture").size(64, 64).num_frames(9);
    /// let mut seen = 0.0;
    /// pipeline.generate_with(&request, |event| {
    ///     if let Event::Progress(progress) = event {
    ///         seen = progress.fraction;
    ///     }
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(seen, 1.0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Pipeline::generate`]; `Cancelled` after `Break`.
    pub fn generate_with(
        &self,
        request: &Request,
        on_event: impl FnMut(&Event<'_>) -> ControlFlow<()>,
    ) -> Result<Clip> {
        handler::run(on_event, |function, data| self.generate_raw(request, function, data))
    }

    fn generate_raw(
        &self,
        request: &Request,
        function: sys::ltx_event_fn,
        data: *mut std::ffi::c_void,
    ) -> Result<Clip> {
        let mut keep = Keep::default();
        let raw = request.lower(&mut keep)?;
        // SAFETY: `keep` has what the struct points to; the library copies it. `data` belongs to `function`.
        Handle::make(|out| unsafe { sys::ltx_generate(self.handle.get(), &raw, function, data, out) }).map(Clip::new)
    }

    /// Validates the request, starts the run on the library's thread and returns. The job holds the pipeline until it ends.
    ///
    /// # Errors
    /// As [`Pipeline::generate`], before anything runs.
    pub fn start(&self, request: &Request) -> Result<Job> {
        let mut keep = Keep::default();
        let raw = request.lower(&mut keep)?;
        // SAFETY: the library copies what it needs before it returns.
        Handle::make(|out| unsafe { sys::ltx_generate_start(self.handle.get(), &raw, out) }).map(Job::new)
    }

    /// Validates a request and fills in the defaults of the members that the recipe uses; the result can be sent as it is.
    ///
    /// # Errors
    /// Those that [`Pipeline::generate`] would give before it loads weights.
    pub fn resolve(&self, request: &Request) -> Result<Request> {
        let mut keep = Keep::default();
        let raw = request.lower(&mut keep)?;
        let mut out = init::<sys::ltx_request>()?;
        // SAFETY: what `out` points to lives until this thread's next resolve; it is copied here.
        unsafe {
            check(sys::ltx_pipeline_resolve(self.handle.get(), &raw, &mut out))?;
            Ok(Request::from_raw(&out))
        }
    }

    /// Files, formats chosen, plan, warnings, unused tensors.
    ///
    /// # Errors
    /// None that a program can prevent.
    pub fn info(&self) -> Result<Info> {
        // SAFETY: the handle is a pipeline's.
        Handle::make(|out| unsafe { sys::ltx_pipeline_info(self.handle.get(), out) }).map(Info::new)
    }

    /// Where a component is and how large.
    ///
    /// # Errors
    /// `Unsupported` if the recipe does not have it.
    pub fn component(&self, component: Component) -> Result<ComponentState> {
        let mut raw = init::<sys::ltx_component_state>()?;
        // SAFETY: the handle is a pipeline's.
        check(unsafe { sys::ltx_pipeline_component(self.handle.get(), component.into(), &mut raw) })?;
        let sys::ltx_component_state {
            struct_size: _,
            component,
            residency,
            quant,
            on_device,
            shared,
            device_bytes,
            host_bytes,
            file_bytes,
        } = raw;
        Ok(ComponentState {
            component: component.try_into().ok(),
            residency: residency.try_into().ok(),
            quant: quant.try_into().ok(),
            on_device: on_device != 0,
            shared: shared != 0,
            device_bytes,
            host_bytes,
            file_bytes,
        })
    }

    /// Loads a component, or all, now.
    ///
    /// # Errors
    /// Those of the files; `Busy`.
    pub fn preload(&self, component: Component) -> Result<()> {
        self.preload_with(component, |_| ControlFlow::Continue(()))
    }

    /// The same with events.
    ///
    /// # Errors
    /// As [`Pipeline::preload`]; `Cancelled` after `Break`.
    pub fn preload_with(
        &self,
        component: Component,
        on_event: impl FnMut(&Event<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        handler::run(on_event, |function, data| {
            // SAFETY: `data` belongs to `function`.
            check(unsafe { sys::ltx_pipeline_preload(self.handle.get(), component.into(), function, data) })
        })
    }

    /// The same as a job.
    ///
    /// # Errors
    /// `Busy`.
    pub fn preload_start(&self, component: Component) -> Result<Job<()>> {
        // SAFETY: the handle is a pipeline's.
        Handle::make(|out| unsafe { sys::ltx_pipeline_preload_start(self.handle.get(), component.into(), out) })
            .map(Job::new)
    }

    /// Takes a component, or all, off the device; cached memory goes back to the driver.
    ///
    /// # Errors
    /// `Busy`.
    pub fn evict(&self, component: Component) -> Result<()> {
        // SAFETY: the handle is a pipeline's.
        check(unsafe { sys::ltx_pipeline_evict(self.handle.get(), component.into()) })
    }

    /// Encodes the prompts of a request and writes a file for [`Request::text_embeddings`].
    ///
    /// # Errors
    /// As [`Pipeline::generate`].
    pub fn encode_text(&self, request: &Request, path: impl AsRef<Path>) -> Result<()> {
        self.encode_text_with(request, path, |_| ControlFlow::Continue(()))
    }

    /// The same with events.
    ///
    /// # Errors
    /// As [`Pipeline::generate_with`].
    pub fn encode_text_with(
        &self,
        request: &Request,
        path: impl AsRef<Path>,
        on_event: impl FnMut(&Event<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut keep = Keep::default();
        let raw = request.lower(&mut keep)?;
        let path = required(&mut keep, path.as_ref())?;
        handler::run(on_event, |function, data| {
            // SAFETY: `keep` has the texts; `data` belongs to `function`.
            check(unsafe { sys::ltx_encode_text(self.handle.get(), &raw, path, function, data) })
        })
    }

    /// The prompt as the language model rewrites it, with a look at the first image where there is one: JSON with `prompt`,
    /// `seed`, `tokens`, `from_image` and `complete`. A generation with [`Request::enhance_prompt`] encodes exactly this text.
    ///
    /// # Errors
    /// [`ErrorKind::Model`](crate::ErrorKind::Model) if no model is there that rewrites prompts, or if it cannot look at
    /// images; `Busy`.
    pub fn enhance_prompt(&self, request: &Request) -> Result<Info> {
        self.enhance_prompt_with(request, |_| ControlFlow::Continue(()))
    }

    /// The same with events.
    ///
    /// # Errors
    /// As [`Pipeline::enhance_prompt`]; `Cancelled` after `Break`.
    pub fn enhance_prompt_with(
        &self,
        request: &Request,
        on_event: impl FnMut(&Event<'_>) -> ControlFlow<()>,
    ) -> Result<Info> {
        let mut keep = Keep::default();
        let raw = request.lower(&mut keep)?;
        handler::run(on_event, |function, data| {
            // SAFETY: `keep` has what the struct points to; `data` belongs to `function`.
            Handle::make(|out| unsafe { sys::ltx_enhance_prompt(self.handle.get(), &raw, function, data, out) })
        })
        .map(Info::new)
    }

    /// Runs requests without decoding them, measures the largest input of every layer of the transformer and writes the file
    /// that [`QuantOptions::calibration_path`] takes.
    ///
    /// # Errors
    /// As [`Pipeline::generate`].
    pub fn calibrate(&self, requests: &[Request], path: impl AsRef<Path>) -> Result<()> {
        self.calibrate_with(requests, path, |_| ControlFlow::Continue(()))
    }

    /// The same with events.
    ///
    /// # Errors
    /// As [`Pipeline::generate_with`].
    pub fn calibrate_with(
        &self,
        requests: &[Request],
        path: impl AsRef<Path>,
        on_event: impl FnMut(&Event<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        ready()?;
        let mut keep = Keep::default();
        let (address, count) = lower_all(&mut keep, requests, Request::lower)?;
        let path = required(&mut keep, path.as_ref())?;
        handler::run(on_event, |function, data| {
            let (address, count) = (address.unwrap_or(std::ptr::null()), count.unwrap_or(0));
            // SAFETY: `keep` has the requests; `data` belongs to `function`.
            check(unsafe { sys::ltx_calibrate(self.handle.get(), address, count, path, function, data) })
        })
    }

    /// The handle for calls of [`sys`](crate::sys); it stays the pipeline's.
    pub fn as_ptr(&self) -> *mut sys::ltx_pipeline {
        self.handle.get()
    }
}

/// A path that a call takes beside its struct.
fn required(keep: &mut Keep, path: &Path) -> Result<*const std::ffi::c_char> {
    keep.path("path", Some(path))?
        .ok_or_else(|| Error::new(sys::LTX_E_INVALID_ARGUMENT, "path is missing. Name a file."))
}
