// Re-encoding 8-bit content: how much memory it may take.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

#include "mta/smtp/transaction_downgrade.h"

using namespace mxpress;
using mta::smtp::DataSource;

namespace {

// Says that it is large; has the little that there is.
class Source final : public DataSource {
 public:
  Source(std::string text, std::uint64_t size) : text_(std::move(text)), size_(size) {}
  std::uint64_t size() const override { return size_; }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override {
    if (offset >= text_.size()) co_return std::size_t{0};
    co_return text_.copy(buffer, size, offset);
  }

 private:
  std::string text_;
  std::uint64_t size_;
};

const std::string kMessage =
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa4\r\n";

using Downgraded = Result<mta::smtp::Converted>;

Task<void> keep(DataSource& source, std::optional<Downgraded>& result) { result = co_await mta::smtp::downgrade(source); }

Downgraded re_encode(DataSource& source) {
  asio::io_context io(1);
  std::optional<Downgraded> result;
  asio::co_spawn(io, keep(source, result), asio::detached);
  io.run();
  return std::move(*result);
}

}  // namespace

TEST_CASE("downgrade: while one message is held in memory a very large one waits; alone, each gets its turn") {
  Source small(kMessage, kMessage.size()), large(kMessage, 64u << 20);
  auto first = re_encode(small);
  REQUIRE(first);
  const auto refused = re_encode(large);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().is_transient());
  CHECK_THAT(refused.error().message, Catch::Contains("at the moment"));
  first->data.reset();
  CHECK_THAT(re_encode(large).error().message, Catch::Contains("shorter"));
}
