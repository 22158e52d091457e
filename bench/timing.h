// Timing that holds on a noisy machine: the sides take turns, medians are compared.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace ltx::bench {

inline double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

struct Comparison {
  double subject = 0, reference = 0;  // median seconds
  double ratio = 0;                   // median of subject / reference, pair by pair
};

/// One warm-up of each, then `rounds` pairs in turn.
inline Comparison compare(int rounds, const std::function<void()>& subject,
                          const std::function<void()>& reference) {
  subject();
  reference();
  std::vector<double> a, b, ratios;
  for (int i = 0; i < rounds; ++i) {
    a.push_back(seconds_of(subject));
    b.push_back(seconds_of(reference));
    ratios.push_back(a.back() / b.back());
  }
  return {median(a), median(b), median(ratios)};
}

/// One JSON object per line on stdout.
inline void report(const std::string& name, const Comparison& c, const std::string& against,
                   const std::string& extra = {}) {
  std::printf(
      "{\"bench\": \"%s\", \"seconds\": %.6f, \"reference\": \"%s\", \"reference_seconds\": %.6f, \"ratio\": "
      "%.3f%s}\n",
      name.c_str(), c.subject, against.c_str(), c.reference, c.ratio, extra.c_str());
  std::fflush(stdout);
}

}  // namespace ltx::bench
