// Where a clip can be saved and where not: what ltx_result_save says, and what it leaves behind.
#pragma once
#include <doctest/doctest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>

#include "file_fixture.h"
#include "ltx_c.h"

namespace ltx::test {

/// Files are created as somebody without privileges: by this thread, and by threads that it starts. For a
/// test that runs as root.
class Unprivileged {
 public:
  Unprivileged() : before_(::setfsuid(kNobody)) {}
  ~Unprivileged() { ::setfsuid(static_cast<uid_t>(before_)); }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

  /// Whether somebody without privileges sees the folder and cannot write there.
  static bool possible(const std::filesystem::path& folder) {
    const Unprivileged nobody;
    std::error_code error;
    const bool seen = std::filesystem::exists(folder, error);
    const std::filesystem::path file = folder / "probe";
    const bool written = std::ofstream(file).good();
    if (written) std::filesystem::remove(file, error);
    return seen && !written;
  }

 private:
  static constexpr uid_t kNobody = 65534;
  int before_;
};

inline std::set<std::string> tree(const std::filesystem::path& folder) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    found.insert(entry.path().string());
  return found;
}

inline void check_save_targets(const ltx_result* result, const std::string& suffix) {
  CAPTURE(suffix);
  const Folder folder;
  ltx_output output;
  REQUIRE(ltx_output_init(&output) == LTX_OK);
  const auto save = [&](const std::filesystem::path& path) {
    output.path = path.c_str();
    return ltx_result_save(result, &output, nullptr, nullptr);
  };
  const auto check_refused = [&](const std::filesystem::path& path, const char* problem, const char* remedy,
                                 bool as_nobody = false) {
    CAPTURE(path.string());
    const auto before = tree(folder.path());
    {
      std::optional<Unprivileged> nobody;
      if (as_nobody) nobody.emplace();
      CHECK(save(path) == LTX_E_FILE_ACCESS);
    }
    const std::string message = ltx_last_error();
    CAPTURE(message);
    for (const std::string& part : {path.string(), std::string(problem), std::string(remedy)})
      CHECK(message.find(part) != std::string::npos);
    CHECK(tree(folder.path()) == before);
  };
  const std::string name = "clip" + suffix;
  const char* const elsewhere = "Choose a folder in which this process may create files.";

  folder.write("file", "x");
  check_refused(folder / "file" / name, "Not a directory", elsewhere);
  check_refused(folder / "file/deeper" / name, "Not a directory", elsewhere);
  std::filesystem::create_directory(folder / name);
  check_refused(folder / name, "exists and is a folder", "Give the name of a file.");

  std::filesystem::create_directory(folder / "locked");
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  REQUIRE(::chmod((folder / "locked").c_str(), 0555) == 0);
  if (Unprivileged::possible(folder / "locked")) {
    check_refused(folder / "locked" / name, "Permission denied", elsewhere, true);
    check_refused(folder / "locked/new/deeper" / name, "Permission denied", elsewhere, true);
  } else {
    MESSAGE("this process cannot give up its privileges here: nothing was saved to a locked folder");
  }

  // Missing folders are made; those of a call that fails later go with its file.
  check_refused(folder / "new/deeper" / (std::string(300, 'c') + suffix), "File name too long", elsewhere);
  auto after = tree(folder.path());
  CHECK(save(folder / "new/deeper" / name) == LTX_OK);
  for (const auto& made : {folder / "new", folder / "new/deeper", folder / "new/deeper" / name})
    after.insert(made.string());
  CHECK(tree(folder.path()) == after);
  CHECK(std::filesystem::file_size(folder / "new/deeper" / name) > 0);
}

}  // namespace ltx::test
