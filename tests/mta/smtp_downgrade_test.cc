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

using Converted = Result<std::unique_ptr<mta::smtp::Converted>>;
using Conversion = Task<Converted>(DataSource&);

Task<void> keep(Task<Converted> conversion, std::optional<Converted>& result) { result = co_await std::move(conversion); }

Converted convert(DataSource& source, Conversion conversion) {
  asio::io_context io(1);
  std::optional<Converted> result;
  asio::co_spawn(io, keep(conversion(source), result), asio::detached);
  io.run();
  return std::move(*result);
}

}  // namespace

TEST_CASE("downgrade: while one message is held in memory a very large one waits; alone, each gets its turn") {
  Source small(kMessage, kMessage.size()), large(kMessage, 64u << 20);
  auto first = convert(small, mta::smtp::downgrade);
  REQUIRE(first);
  const auto refused = convert(large, mta::smtp::downgrade);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().is_transient());
  CHECK_THAT(refused.error().message, Catch::Contains("at the moment"));
  first->reset();
  CHECK_THAT(convert(large, mta::smtp::downgrade).error().message, Catch::Contains("shorter"));
}

TEST_CASE("downgrade: a large message whose lines had to be shortened first does not stand in its own way") {
  std::string text = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + std::string(999, 'a') +
                     "\r\n--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa4\r\n--b\r\n\r\n";
  while (text.size() < 33u << 20) text += std::string(76, 'x') + "\r\n";
  text += "--b--\r\n";
  Source large(text, text.size());
  auto shortened = convert(large, mta::smtp::shorten_lines);
  REQUIRE(shortened);
  REQUIRE((*shortened)->body() == proto::BodyType::eight_bit);
  REQUIRE((*shortened)->downgrade());
  CHECK((*shortened)->body() == proto::BodyType::seven_bit);
}
