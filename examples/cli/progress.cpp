#include "progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

namespace cli {
namespace {

/// "denoise, stage 1/2, step 3/8"
std::string where(const ltx_progress& p) {
  std::string text = ltx::name(LTX_ENUM_PHASE, p.phase);
  if (p.stage > 0 && p.stage_count > 1)
    text += ", stage " + std::to_string(p.stage) + "/" + std::to_string(p.stage_count);
  if (p.step_count > 0) text += ", step " + std::to_string(p.step) + "/" + std::to_string(p.step_count);
  return text;
}

std::string clock(double seconds) {
  char text[32];
  const long whole = static_cast<long>(seconds + 0.5);
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

int columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

progress_view::progress_view(const std::string& name) {
  if (name == "off") style_ = style::off;
  if (name == "plain") style_ = style::plain;
  if (name == "json") style_ = style::json;
  if (name == "auto") style_ = isatty(STDERR_FILENO) ? style::bar : style::plain;
}

progress_view::~progress_view() {
  clear();
}

void progress_view::clear() {
  if (on_line_) std::fputs("\r\033[K", stderr);
  on_line_ = false;
}

void progress_view::show(const ltx_event& event) {
  if (event.type == LTX_EVENT_LOG) {
    clear();
    if (style_ == style::json)
      std::fprintf(stderr, "%s\n",
                   nlohmann::json({{"event", "log"},
                                   {"level", ltx::name(LTX_ENUM_LOG, event.log_level)},
                                   {"source", event.source},
                                   {"message", event.message}})
                       .dump()
                       .c_str());
    else
      std::fprintf(stderr, "%s: %s: %s\n", ltx::name(LTX_ENUM_LOG, event.log_level).c_str(), event.source,
                   event.message);
  }
  if (event.type != LTX_EVENT_PROGRESS || event.progress->phase == 0) return;
  const ltx_progress& p = *event.progress;
  if (style_ == style::bar) show_bar(p);
  if (style_ == style::plain) show_plain(p);
  if (style_ == style::json)
    std::fprintf(stderr, "%s\n",
                 nlohmann::json({{"event", "progress"},
                                 {"phase", ltx::name(LTX_ENUM_PHASE, p.phase)},
                                 {"stage", p.stage},
                                 {"stage_count", p.stage_count},
                                 {"step", p.step},
                                 {"step_count", p.step_count},
                                 {"fraction", p.fraction},
                                 {"elapsed_seconds", p.elapsed_seconds},
                                 {"remaining_seconds", p.remaining_seconds}})
                     .dump()
                     .c_str());
}

void progress_view::show_bar(const ltx_progress& p) {
  std::string right = where(p);
  if (p.remaining_seconds >= 0 && p.fraction < 1) right += ", " + clock(p.remaining_seconds) + " left";
  const int width = columns(), bar = 20;
  const int filled = static_cast<int>(p.fraction * bar + 0.5);
  char line[512];
  std::snprintf(line, sizeof line, "[%.*s%.*s] %3d %%  %s", filled, "####################", bar - filled,
                "--------------------", static_cast<int>(100 * p.fraction), right.c_str());
  std::string text(line);
  if (static_cast<int>(text.size()) >= width) text.resize(static_cast<size_t>(width > 1 ? width - 1 : 0));
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
  on_line_ = true;
}

void progress_view::show_plain(const ltx_progress& p) {
  const std::string text = where(p);
  const int percent = static_cast<int>(100 * p.fraction);
  // A load reports its bytes many times over: a line per position, and one per ten percent.
  if (text == last_ && percent / 10 == last_percent_ / 10) return;
  last_ = text;
  last_percent_ = percent;
  std::fprintf(stderr, "%3d %%  %s\n", percent, text.c_str());
}

}  // namespace cli
