// Progress and log lines on stderr: a bar on a terminal, lines otherwise, or JSON.
#pragma once
#include <string>

#include "ltx.hpp"

namespace cli {

class progress_view {
 public:
  enum class style { off, plain, bar, json };

  /// "auto" is a bar on a terminal and plain lines elsewhere.
  explicit progress_view(const std::string& name);
  ~progress_view();

  void show(const ltx_event& event);

 private:
  void show_bar(const ltx_progress& p);
  void show_plain(const ltx_progress& p);
  void clear();

  style style_ = style::plain;
  bool on_line_ = false;
  std::string last_;
  int last_percent_ = -1;
};

}  // namespace cli
