// The enumerations of the C API in C++ form: the numbers are those of ltx_c.h (checked by src/api), 0 is
// "automatic".
#pragma once
#include <cstdint>

namespace ltx::engine {

enum class PipelineKind : int32_t {
  None = 0,
  Distilled = 1,
  TwoStage = 2,
  TwoStageHq = 3,
  OneStage = 4,
  IcLora = 5,
  Keyframes = 6,
  AudioToVideo = 7,
  Retake = 8,
  Hdr = 9,
  Dub = 10,
  TextToAudio = 11,
  Dfr = 12,
};

enum class QuantPolicy : int32_t {
  Auto = 0,
  None = 1,
  Fp8Cast = 10,
  Fp8ScaledMm = 11,
  Fp8Dynamic = 12,
  Fp8WeightOnly = 13,
  Fp8Block128 = 14,
  Mxfp8 = 15,
  Fp6Block128 = 16,
  Nvfp4Cast = 20,
  Nvfp4Prequant = 21,
  Int8 = 30,
  Int8Dynamic = 31,
  Int4 = 40,
  Nf4 = 41,
  Gguf = 50,
};

enum class ComputeDtype : int32_t { Auto = 0, F32 = 1, Bf16 = 2 };

enum class Component : int32_t {
  All = 0,
  TextEncoder = 1,
  TextConnector = 2,
  Transformer = 3,
  VideoEncoder = 4,
  VideoDecoder = 5,
  AudioEncoder = 6,
  AudioDecoder = 7,  // with the vocoder
  SpatialUpsampler = 8,
  TemporalUpsampler = 9,
  DurationHead = 10,
  PromptEnhancer = 11,
};

enum class MemoryMode : int32_t { Auto = 0, Persistent = 1, Cold = 2, OffloadHost = 3, OffloadDisk = 4 };
enum class Residency : int32_t { Auto = 0, Device = 1, Host = 2, HostStream = 3, Disk = 4, DiskStream = 5 };
enum class DeviceType : int32_t { Auto = 0, Cpu = 1, Cuda = 2 };
enum class Location : int32_t { Host = 0, Device = 1 };
enum class Sampler : int32_t { Auto = 0, Euler = 1, EulerAncestral = 2, Res2s = 3, GradientEstimation = 4 };
enum class NoiseSource : int32_t { Device = 0, Host = 1 };
enum class ColorSpace : int32_t { Sdr = 0, SrgbLinear = 1, AcesCg = 2, AcesCct = 3 };
enum class PixelFormat : int32_t { Rgb8 = 0, Rgba8 = 1, RgbF16 = 2, RgbF32 = 3, Gray8 = 4 };
enum class LoraRole : int32_t { User = 0, Distilled = 1, Detailing = 2 };
enum class VideoRole : int32_t { None = 0, Source = 1, Reference = 2, Mask = 3 };
enum class TilingMode : int32_t { Auto = 0, Off = 1, Explicit = 2 };
enum class DecoderMode : int32_t { Auto = 0, LowMemory = 1, Fast = 2 };
enum class PreviewMode : int32_t { None = 0, Linear = 1, Decode = 2 };
enum class GpuPriority : int32_t { Normal = 0, Low = 1, High = 2 };

}  // namespace ltx::engine
