// 16-bit PCM WAV files; needs no codec library.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace ltx::media {

/// Stereo, 16 bit, little endian, by the rounding of pcm.h; written under a temporary name and renamed.
/// `comment` becomes the file's ICMT field unless empty. Throws InvalidArgument (no samples, channels of
/// different length, more than 4 GiB), FileAccess, DiskFull.
void write_wav(const std::filesystem::path& path, std::span<const float> left, std::span<const float> right,
               int sample_rate, const std::string& comment = {});

}  // namespace ltx::media
