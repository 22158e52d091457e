"""A recipe with its model files, and what it runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from . import _native, enums
from ._handlers import Handlers, OnEvent, ProgressOption, wanted_level
from ._media import Path
from .clip import Clip
from .inputs import ComponentResidency, Lora, Models, QuantOptions, QuantRule
from .job import Job
from .library import Rules, device_of_text, loras_of, models_of, rules_of
from .reports import ComponentState, EnhancedPrompt, component_of, enhanced_of
from .request import Prompt, Request, request_of, resolved_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .request import RequestFields

Residencies = Union[Sequence[ComponentResidency], Mapping[str, "enums.Residency | str"]]


@dataclass(frozen=True)
class _PipelineParams:
    """`ltx_pipeline_params`."""

    kind: str
    models: Models
    quant: str | None
    text_quant: str | None
    vae_quant: str | None
    measure_quantization: bool | None
    compute_dtype: str | None
    quant_options: QuantOptions | None
    text_quant_options: QuantOptions | None
    device_type: str | None
    device_index: int | None
    memory_mode: str | None
    decoder_mode: str | None
    max_batch_size: int | None
    prompt_cache_entries: int | None
    gpu_priority: str | None
    log_level: str | None
    cuda_graphs: bool | None
    device_memory_limit: int | None
    host_memory_limit: int | None
    loras: Sequence[Lora] | None
    quant_rules: Sequence[QuantRule] | None
    residency: Sequence[ComponentResidency] | None
    share_with: _native.Pipeline | None
    weight_cache: Path | None


class Pipeline:
    """A recipe, its model files, their quantization and the plan that places them in memory.

    Reads file headers only; weights are loaded by the first call that needs them, or by `preload`. One call at a time: a second
    one gets `Busy`. Close it, or use it in `with`, to release the weights at a moment of your choice.
    """

    _handle: _native.Pipeline

    def __init__(
        self,
        kind: enums.Recipe | str,
        *,
        models: Models | Path,
        quant: enums.Quant | str | None = None,
        text_quant: enums.Quant | str | None = None,
        vae_quant: enums.Quant | str | None = None,
        quant_options: QuantOptions | None = None,
        text_quant_options: QuantOptions | None = None,
        quant_rules: Rules | None = None,
        measure_quantization: bool | None = None,
        compute_dtype: enums.Compute | str | None = None,
        device: str | None = None,
        memory_mode: enums.Memory | str | None = None,
        residency: Residencies | None = None,
        device_memory_limit: int | None = None,
        host_memory_limit: int | None = None,
        decoder_mode: enums.Decoder | str | None = None,
        max_batch_size: int | None = None,
        prompt_cache_entries: int | None = None,
        cuda_graphs: bool | None = None,
        gpu_priority: enums.Priority | str | None = None,
        loras: Sequence[Lora | Path] | None = None,
        share_with: Pipeline | None = None,
        weight_cache: Path | None = None,
        log_level: enums.LogLevel | str | None = None,
    ) -> None:
        """`models`: files, or a folder that is searched. `device`: "cpu", "cuda", "cuda:1"; None is the first CUDA device, else
        the CPU. Limits are bytes. `weight_cache`: a folder that keeps encoded weights for the next start. `log_level`: None is what the logger named "libltx" shows at this moment.

        Raises `ModelError` if a file of the recipe is not given, `FileError` if one cannot be read.
        """
        kind_of_device, index = device_of_text(device)
        if isinstance(residency, Mapping):
            residency = [ComponentResidency(component, level) for component, level in residency.items()]
        params = _PipelineParams(
            kind=kind,
            models=models_of(models),
            quant=quant,
            text_quant=text_quant,
            vae_quant=vae_quant,
            measure_quantization=measure_quantization,
            compute_dtype=compute_dtype,
            quant_options=quant_options,
            text_quant_options=text_quant_options,
            device_type=kind_of_device,
            device_index=index,
            memory_mode=memory_mode,
            decoder_mode=decoder_mode,
            max_batch_size=max_batch_size,
            prompt_cache_entries=prompt_cache_entries,
            gpu_priority=gpu_priority,
            log_level=log_level if log_level is not None else wanted_level(),
            cuda_graphs=cuda_graphs,
            device_memory_limit=device_memory_limit,
            host_memory_limit=host_memory_limit,
            loras=loras_of(loras),
            quant_rules=rules_of(quant_rules),
            residency=residency,
            share_with=None if share_with is None else share_with._handle,
            weight_cache=weight_cache,
        )
        self._handle = _native.Pipeline(params)

    def info(self) -> dict[str, Any]:
        """Files, formats chosen, plan, warnings, unused tensors."""
        return dict(json.loads(self._handle.info()))

    def resolve(self, prompt: Prompt = None, **fields: Unpack[RequestFields]) -> Request:
        """The request with the defaults of the fields that the recipe uses; it can be sent as it is."""
        request = request_of(prompt, fields)
        return resolved_of(self._handle.resolve(request), request)

    def component(self, component: enums.Component | str = enums.Component.ALL) -> ComponentState:
        """Where a component is and how large; `all` sums up."""
        return component_of(self._handle.component(component))

    def preload(
        self,
        component: enums.Component | str = enums.Component.ALL,
        *,
        progress: ProgressOption = None,
        on_event: OnEvent = None,
    ) -> None:
        """Loads a component, or all, now."""
        self.start_preload(component)._run(progress, on_event)

    def start_preload(self, component: enums.Component | str = enums.Component.ALL) -> Job[None]:
        """`preload` as a job."""
        return Job(self._handle.preload_start(component), lambda _: None)

    def evict(self, component: enums.Component | str = enums.Component.ALL) -> None:
        """Takes a component, or all, off the device; cached memory goes back to the driver."""
        self._handle.evict(component)

    def encode_text(
        self,
        path: Path,
        prompt: Prompt = None,
        *,
        progress: ProgressOption = None,
        on_event: OnEvent = None,
        **fields: Unpack[RequestFields],
    ) -> None:
        """Encodes the prompts of a request and writes a file for the field `text_embeddings`."""
        with Handlers(progress, on_event) as handlers:
            self._handle.encode_text(request_of(prompt, fields), path, handlers.raw)

    def enhance_prompt(
        self,
        prompt: Prompt = None,
        *,
        progress: ProgressOption = None,
        on_event: OnEvent = None,
        **fields: Unpack[RequestFields],
    ) -> EnhancedPrompt:
        """Rewrites the prompt with the language model, which looks at the first image where there is one. Of the fields, the
        first image, `enhance_seed` and `seed` count; a run with `enhance_prompt=True` encodes exactly this text."""
        with Handlers(progress, on_event) as handlers:
            return enhanced_of(json.loads(self._handle.enhance_prompt(request_of(prompt, fields), handlers.raw)))

    def calibrate(
        self,
        path: Path,
        requests: Sequence[str | Request],
        *,
        progress: ProgressOption = None,
        on_event: OnEvent = None,
        **fields: Unpack[RequestFields],
    ) -> None:
        """Runs requests without decoding them, measures the largest input of every layer of the transformer and writes the file
        for `QuantOptions.calibration_path`. `fields` belong to every request."""
        with Handlers(progress, on_event) as handlers:
            self._handle.calibrate([request_of(item, fields) for item in requests], path, handlers.raw)

    def generate(
        self,
        prompt: Prompt = None,
        *,
        progress: ProgressOption = None,
        on_event: OnEvent = None,
        **fields: Unpack[RequestFields],
    ) -> Clip:
        """Runs the recipe. `fields` are those of `Request`; None is unset. Everything is validated before weights are loaded.

        `progress`: True shows a bar where tqdm is installed, a function gets every `Progress`. `on_event` gets every `Event`. Both
        run on this thread; what they raise cancels the run and is raised here, and so does Ctrl-C.
        """
        return self.start(prompt, **fields)._run(progress, on_event)

    def start(self, prompt: Prompt = None, **fields: Unpack[RequestFields]) -> Job[Clip]:
        """Validates the request, starts the run and returns. The job holds the pipeline until it ends."""
        finish: Callable[[_native.Job], Clip] = lambda job: Clip(job.result())  # noqa: E731
        return Job(self._handle.generate_start(request_of(prompt, fields)), finish)

    def close(self) -> None:
        """Releases the weights, or lets a running job do so when it ends. Clips stay valid."""
        self._handle.free()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
