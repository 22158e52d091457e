// What an error says: its status, and a fragment of its message.
#pragma once
#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

namespace ltx {

template <class Work>
void expect_error(Status status, const std::string& fragment, Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK(error.status() == status);
    INFO(error.what());
    CHECK(std::string(error.what()).find(fragment) != std::string::npos);
    return;
  }
  FAIL("no error, expected one with '" << fragment << "'");
}

}  // namespace ltx
