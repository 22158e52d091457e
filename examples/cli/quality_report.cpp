#include "quality_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#ifdef LTX_CLI_PNG
#include <png.h>
#endif

namespace cli {
namespace {

const char* const kColors[] = {"#3366cc", "#dc3912", "#ff9900", "#109618", "#990099", "#0099c6", "#dd4477",
                               "#66aa00", "#b82e2e", "#316395", "#994499", "#22aa99", "#aaaa11", "#6633cc"};

std::string color(size_t i) {
  return kColors[i % std::size(kColors)];
}

std::string number(double value, const char* format) {
  if (std::isinf(value)) return "equal";
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::vector<std::string> cells(const quality_row& r) {
  return {r.policy,
          number(static_cast<double>(r.transformer_bytes) / 1e6, "%.1f"),
          std::to_string(r.quantized),
          number(r.mean_weight_error, "%.4f"),
          number(r.worst_weight_error, "%.4f"),
          number(r.video_latent, "%.4f"),
          number(r.audio_latent, "%.4f"),
          number(r.psnr, "%.2f"),
          number(r.ssim, "%.4f"),
          number(r.audio_snr, "%.1f"),
          number(r.denoise_seconds, "%.2f")};
}

const std::vector<std::string> kHeads = {"policy", "transformer MB", "layers",       "weight err",
                                         "worst",  "video latent",   "audio latent", "PSNR dB",
                                         "SSIM",   "audio SNR dB",   "denoise s"};

/// One bar a policy; zero values have none.
std::string bars(const std::string& title, const std::vector<quality_row>& rows, double quality_row::*value) {
  double largest = 0;
  for (const auto& r : rows) largest = std::max(largest, r.*value);
  std::ostringstream svg;
  const size_t height = 22 * rows.size() + 8;
  svg << "<figure><figcaption>" << title << "</figcaption><svg width=\"640\" height=\"" << height << "\">";
  for (size_t i = 0; i < rows.size(); ++i) {
    const double width = largest > 0 ? 380 * rows[i].*value / largest : 0;
    const size_t y = 22 * i + 4;
    svg << "<text x=\"150\" y=\"" << y + 13 << "\" text-anchor=\"end\">" << escaped(rows[i].policy)
        << "</text><rect x=\"158\" y=\"" << y << "\" width=\"" << width << "\" height=\"16\" fill=\""
        << color(i) << "\"/><text x=\"" << 164 + width << "\" y=\"" << y + 13 << "\">"
        << number(rows[i].*value, "%.4g") << "</text>";
  }
  svg << "</svg></figure>\n";
  return svg.str();
}

/// A line a policy over the blocks of the transformer.
std::string lines(const std::vector<quality_row>& rows) {
  double largest = 0;
  size_t blocks = 0;
  for (const auto& r : rows) {
    blocks = std::max(blocks, r.block_errors.size());
    for (const double e : r.block_errors) largest = std::max(largest, e);
  }
  if (blocks < 2 || largest == 0) return "";
  std::ostringstream svg;
  svg << "<figure><figcaption>Weight error by block (0 to " << number(largest, "%.3g")
      << ")</figcaption><svg width=\"640\" height=\"220\"><rect x=\"10\" y=\"10\" width=\"480\" "
         "height=\"190\" "
         "fill=\"none\" stroke=\"#999\"/>";
  size_t named = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& errors = rows[i].block_errors;
    if (errors.empty() || *std::max_element(errors.begin(), errors.end()) == 0) continue;
    svg << "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" << color(i) << "\" points=\"";
    for (size_t b = 0; b < errors.size(); ++b)
      svg << 10 + 480.0 * static_cast<double>(b) / static_cast<double>(blocks - 1) << ','
          << 200 - 185 * errors[b] / largest << ' ';
    svg << "\"/><text x=\"500\" y=\"" << 22 + 15 * named++ << "\" fill=\"" << color(i) << "\">"
        << escaped(rows[i].policy) << "</text>";
  }
  svg << "</svg></figure>\n";
  return svg.str();
}

std::string page(const std::string& prompt, const std::vector<quality_row>& rows, bool strip) {
  std::ostringstream html;
  html << "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Quality of policies</title>\n"
          "<style>body{font:14px sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}"
          "td,th{padding:.3em .7em;border-bottom:1px solid #ccc;text-align:right}td:first-child,"
          "th:first-child{text-align:left}svg text{font:12px sans-serif}figure{margin:1.5em 0}"
          "figcaption{font-weight:bold}img{max-width:100%}</style>\n<h1>Quality of policies</h1>\n<p>Prompt: "
       << escaped(prompt) << "<br>Differences are against " << escaped(rows.front().policy)
       << ": relative L2 of weights and final latents, PSNR and SSIM of frames, SNR of the "
          "sound.</p>\n<table><tr>";
  for (const auto& head : kHeads) html << "<th>" << head << "</th>";
  html << "</tr>\n";
  for (const auto& row : rows) {
    html << "<tr>";
    for (const auto& cell : cells(row)) html << "<td>" << escaped(cell) << "</td>";
    html << "</tr>\n";
  }
  html << "</table>\n"
       << bars("Relative L2 of the final video latent", rows, &quality_row::video_latent)
       << bars("Relative L2 of the weights, mean over layers", rows, &quality_row::mean_weight_error)
       << bars("Seconds of denoising", rows, &quality_row::denoise_seconds) << lines(rows);
  if (strip)
    html << "<figure><figcaption>Frames, one row a policy in the order of the table</figcaption>"
            "<img src=\"quality.png\" alt=\"frames of every policy\"></figure>\n";
  html << "</html>\n";
  return html.str();
}

void write_whole(const std::filesystem::path& path, const std::string& text) {
  const auto temporary = path.string() + ".part";
  {
    std::ofstream file(temporary, std::ios::binary);
    file << text;
    if (!file.flush()) throw std::runtime_error("'" + path.string() + "' cannot be written");
  }
  std::filesystem::rename(temporary, path);
}

#ifdef LTX_CLI_PNG
constexpr int kFramesInRow = 6, kCellWidth = 256;

/// Frames side by side, a row a policy, pixels picked from the nearest place.
void write_strip(const std::filesystem::path& path, const std::vector<quality_row>& rows) {
  const auto& first = rows.front().frames;
  const int columns = std::min(kFramesInRow, first.count);
  const int width = std::min(kCellWidth, first.width),
            height = std::max(1, first.height * width / first.width);
  const int total_width = columns * width, total_height = static_cast<int>(rows.size()) * height;
  std::vector<uint8_t> sheet(static_cast<size_t>(total_width) * static_cast<size_t>(total_height) * 3);
  for (size_t r = 0; r < rows.size(); ++r)
    for (int c = 0; c < columns; ++c) {
      const auto& frames = rows[r].frames;
      const uint8_t* frame = frames.frame(columns == 1 ? 0 : c * (frames.count - 1) / (columns - 1));
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
          const size_t from =
              (static_cast<size_t>(y * first.height / height) * static_cast<size_t>(first.width) +
               static_cast<size_t>(x * first.width / width)) *
              3;
          const size_t to =
              ((r * static_cast<size_t>(height) + static_cast<size_t>(y)) * static_cast<size_t>(total_width) +
               static_cast<size_t>(c * width + x)) *
              3;
          std::copy_n(frame + from, 3, sheet.begin() + static_cast<std::ptrdiff_t>(to));
        }
    }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(total_width);
  image.height = static_cast<png_uint_32>(total_height);
  image.format = PNG_FORMAT_RGB;
  if (!png_image_write_to_file(&image, path.c_str(), 0, sheet.data(), 0, nullptr))
    throw std::runtime_error("'" + path.string() + "' cannot be written: " + image.message);
}
#endif

}  // namespace

nlohmann::json to_json(const quality_row& r) {
  const auto finite = [](double value) -> nlohmann::json {
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);  // null: equal
  };
  return {{"policy", r.policy},
          {"transformer_bytes", r.transformer_bytes},
          {"quantized_layers", r.quantized},
          {"skipped_layers", r.skipped},
          {"weight_error",
           {{"mean", r.mean_weight_error}, {"worst", r.worst_weight_error}, {"worst_layer", r.worst_layer}}},
          {"block_errors", r.block_errors},
          {"suggested_keep_bf16_blocks", r.keep_blocks},
          {"video_latent_relative_l2", r.video_latent},
          {"audio_latent_relative_l2", r.audio_latent},
          {"psnr_db", finite(r.psnr)},
          {"ssim", r.ssim},
          {"audio_snr_db", finite(r.audio_snr)},
          {"denoise_seconds", r.denoise_seconds},
          {"total_seconds", r.total_seconds}};
}

std::string quality_table(const std::vector<quality_row>& rows) {
  std::vector<std::vector<std::string>> lines = {kHeads};
  for (const auto& row : rows) lines.push_back(cells(row));
  std::vector<size_t> widths(kHeads.size());
  for (const auto& line : lines)
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  std::string text;
  for (const auto& line : lines) {
    for (size_t c = 0; c < line.size(); ++c) {
      const std::string pad(widths[c] - line[c].size(), ' ');
      text += (c ? "  " : "") + (c ? pad + line[c] : line[c] + pad);
    }
    text += '\n';
  }
  return text;
}

std::vector<std::string> write_quality_report(const std::string& folder, const std::string& prompt,
                                              const std::vector<quality_row>& rows) {
  const std::filesystem::path place(folder);
  std::filesystem::create_directories(place);
  std::vector<std::string> written = {"quality.json", "quality.html"};
  nlohmann::json all = nlohmann::json::array();
  for (const auto& row : rows) all.push_back(to_json(row));
  write_whole(place / "quality.json",
              nlohmann::json({{"schema", 1}, {"prompt", prompt}, {"policies", all}}).dump(2) + "\n");
  bool strip = false;
#ifdef LTX_CLI_PNG
  if (rows.front().frames.count > 0) {
    write_strip(place / "quality.png", rows);
    written.push_back("quality.png");
    strip = true;
  }
#endif
  write_whole(place / "quality.html", page(prompt, rows, strip));
  return written;
}

}  // namespace cli
