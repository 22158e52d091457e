//! The remaining calls: the library, reports, conversion, calibration, residency.

use std::ops::ControlFlow;

use ltx::{
    supports, Capability, Component, Convert, DeviceType, Event, LogLevel, Models, Phase, Pipeline, Quant,
    QuantOptions, QuantRule, Recipe, TensorFormat,
};
use serde_json::Value;

use crate::{builder, models, pipeline, request, scratch};

#[test]
fn the_library_speaks_about_itself() {
    assert_eq!(ltx::version().unwrap(), env!("CARGO_PKG_VERSION"));
    let build: Value = serde_json::from_str(ltx::build_info().unwrap()).unwrap();
    assert_eq!(build["schema"], 1);
    let devices = ltx::devices().unwrap();
    let cpu = devices.last().unwrap();
    assert_eq!(cpu.device_type, Some(DeviceType::Cpu));
    assert!(cpu.total_bytes > cpu.free_bytes && cpu.multiprocessor_count > 0 && !cpu.name.is_empty());
    assert!(cpu.is_native(TensorFormat::F32));

    for capability in [
        Capability::Recipe(Recipe::Distilled),
        Capability::Quant(Quant::Int8),
        Capability::Format(TensorFormat::Nf4),
        Capability::MediaRead,
        Capability::MediaWrite,
        Capability::Device,
    ] {
        supports(capability, DeviceType::Cpu, 0).unwrap();
    }
    for capability in [Capability::Recipe(Recipe::Dfr), Capability::Exr, Capability::Hlg] {
        assert_eq!(
            supports(capability, DeviceType::Cpu, 0).unwrap_err().kind(),
            ltx::ErrorKind::Unsupported
        );
    }
    assert!(supports(Capability::Device, DeviceType::Cuda, 99).is_err());
}

#[test]
fn reports_are_json() {
    let files: Value = serde_json::from_str(ltx::inspect(models()).unwrap().json()).unwrap();
    assert_eq!(files["schema"], 1);
    let report: Value = serde_json::from_str(&pipeline().info().unwrap().to_string()).unwrap();
    assert_eq!(report["schema"], 1);
}

#[test]
fn components_are_loaded_and_leave() {
    let pipeline = builder().log_level(LogLevel::Debug).build().unwrap();
    let before = pipeline.component(Component::Transformer).unwrap();
    assert!(
        before.file_bytes > 0 && before.device_bytes + before.host_bytes == 0,
        "{before:?}"
    );
    let mut phases = Vec::new();
    pipeline
        .preload_with(Component::Transformer, |event| {
            if let Event::Progress(progress) = event {
                phases.extend(progress.phase);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(phases.contains(&Phase::Load), "{phases:?}");
    let loaded = pipeline.component(Component::Transformer).unwrap();
    assert!(loaded.device_bytes + loaded.host_bytes > 0, "{loaded:?}");
    assert_eq!(loaded.component, Some(Component::Transformer));
    pipeline.evict(Component::All).unwrap();
    let after = pipeline.component(Component::Transformer).unwrap();
    assert!(
        after.device_bytes + after.host_bytes < loaded.device_bytes + loaded.host_bytes,
        "{after:?}"
    );
}

#[test]
fn a_converted_model_gives_the_bits_of_quantizing_at_load() {
    let folder = scratch("converted");
    let convert = Convert::new(Models::root(models()), &folder).quant(Quant::Int8);
    let mut phases = Vec::new();
    convert
        .run_with(|event| {
            if let Event::Progress(progress) = event {
                phases.extend(progress.phase);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(phases.contains(&Phase::Convert), "{phases:?}");
    let error = convert.start().and_then(ltx::Job::finish).unwrap_err();
    assert_eq!(error.kind(), ltx::ErrorKind::InvalidArgument, "{error}"); // it exists
    convert.clone().overwrite(true).start().unwrap().finish().unwrap();

    let digest = |pipeline: Pipeline| pipeline.generate(&request()).unwrap().stats().unwrap().latent_sha256;
    let at_load = digest(builder().quant(Quant::Int8).build().unwrap());
    let files = Models::new()
        .checkpoint(folder.join("tiny23.safetensors"))
        .text_encoder(models().join("gemma"))
        .spatial_upsampler(models().join("tiny23-spatial-upscaler-x2.safetensors"));
    assert_eq!(
        digest(Pipeline::builder(Recipe::Distilled).models(files).build().unwrap()),
        at_load
    );
    let rule = QuantRule::new("transformer:*", TensorFormat::Keep);
    assert_ne!(
        digest(builder().quant(Quant::Int8).quant_rule(rule).build().unwrap()),
        at_load
    );
}

#[test]
fn a_calibration_is_written_and_taken() {
    let file = scratch("amax.json");
    let requests = [request(), request().seed(8)];
    let mut seen = false;
    pipeline()
        .calibrate_with(&requests, &file, |event| {
            seen |= matches!(event, Event::Progress(progress) if progress.phase == Some(Phase::Calibrate));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(seen);
    let amax: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(amax.is_object());
    let options = QuantOptions::new().calibration_path(&file);
    builder()
        .quant(Quant::Fp8ScaledMm)
        .quant_options(options)
        .build()
        .unwrap()
        .generate(&request())
        .unwrap();
    assert!(pipeline().calibrate(&[], &file).is_err());
}

#[test]
fn pipelines_share_what_the_plan_shares() {
    let first = pipeline();
    match builder().share_with(&first).build() {
        Ok(second) => {
            second.generate(&request()).unwrap();
        }
        Err(error) => assert_eq!(error.kind(), ltx::ErrorKind::Unsupported, "{error}"),
    }
}

#[test]
fn a_prompt_is_rewritten_as_a_generation_would() {
    let pipeline = pipeline();
    let mut phases = Vec::new();
    let report = pipeline
        .enhance_prompt_with(&request().enhance_seed(7), |event| {
            if let Event::Progress(progress) = event {
                phases.extend(progress.phase);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(phases.contains(&Phase::Enhance), "{phases:?}");
    let report: Value = serde_json::from_str(report.json()).unwrap();
    assert_eq!((&report["seed"], &report["from_image"]), (&7.into(), &false.into()));
    let text = report["prompt"].as_str().expect("a text");
    let digest = |request| pipeline.generate(&request).unwrap().stats().unwrap().latent_sha256;
    assert_eq!(
        digest(request().enhance_prompt(true).enhance_seed(7)),
        digest(request().prompt(text))
    );
}

#[test]
fn encoded_weights_are_kept_in_a_folder() {
    let folder = scratch("weights");
    let digest = |builder: ltx::PipelineBuilder<'_>| {
        builder
            .quant(Quant::Int8)
            .build()
            .unwrap()
            .generate(&request())
            .unwrap()
            .stats()
            .unwrap()
            .latent_sha256
    };
    let without = digest(builder());
    assert_eq!(digest(builder().weight_cache(&folder)), without); // writes
    assert!(
        std::fs::read_dir(&folder).unwrap().next().is_some(),
        "{} is empty",
        folder.display()
    );
    assert_eq!(digest(builder().weight_cache(&folder)), without); // maps
}

#[test]
fn a_call_costs_less_than_a_millisecond() {
    let pipeline = pipeline();
    let best = (0..200)
        .map(|_| {
            let start = std::time::Instant::now();
            pipeline.resolve(&request()).unwrap();
            start.elapsed()
        })
        .min();
    assert!(best < Some(std::time::Duration::from_millis(1)), "{best:?}");
}
