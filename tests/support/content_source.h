// Content for tests of its readers, and a loop to run one coroutine in.
#pragma once

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mta/content/data_source.h"

namespace mxpress::testing {

// Content made of one repeated piece; nothing of it is in memory. Notes the size of reads.
class RepeatedSource final : public mta::content::DataSource {
 public:
  RepeatedSource(std::string beginning, std::string unit, std::uint64_t octets) : beginning_(std::move(beginning)), unit_(std::move(unit)) {
    size_ = beginning_.size() + (octets / unit_.size() + 1) * unit_.size();
  }
  std::uint64_t size() const override { return size_; }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override {
    if (fail_at && offset >= *fail_at) co_return Error::transient("not here");
    largest_read = std::max(largest_read, size);
    octets_read += size;
    for (std::size_t i = 0; i < size; ++i, ++offset) {
      buffer[i] = offset < beginning_.size() ? beginning_[offset] : unit_[(offset - beginning_.size()) % unit_.size()];
    }
    co_return size;
  }
  std::size_t largest_read = 0;
  std::uint64_t octets_read = 0;
  std::optional<std::uint64_t> fail_at;

 private:
  const std::string beginning_;
  const std::string unit_;
  std::uint64_t size_;
};

// Content in memory.
class MemorySource final : public mta::content::DataSource {
 public:
  explicit MemorySource(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override {
    co_return text_.copy(buffer, size, offset);
  }
  std::optional<std::string_view> in_memory() const override { return text_; }

 private:
  const std::string text_;
};

template <class T>
Task<void> keep(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}

// Counts how often the coroutine returns to the loop.
template <class T>
T run(Task<T> task, std::size_t* turns = nullptr) {
  asio::io_context io(1);
  std::optional<T> result;
  asio::co_spawn(io, keep(std::move(task), result), asio::detached);
  const std::size_t count = io.run();
  if (turns) *turns = count;
  return std::move(*result);
}

inline Task<Result<std::string>> read_all(mta::content::DataSource& source, std::size_t piece) {
  std::string all;
  std::string buffer(piece, '\0');
  while (true) {
    const Result<std::size_t> count = co_await source.read(all.size(), buffer.data(), buffer.size());
    if (!count.ok()) co_return count.error();
    if (*count == 0) co_return all;
    all.append(buffer, 0, *count);
  }
}

}  // namespace mxpress::testing
