// Conversion of content: what it may cost.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "mta/smtp/transaction_downgrade.h"

using namespace mxpress;
using namespace mxpress::mta::smtp;

namespace {

// Content of which only the size is known.
class Unread final : public DataSource {
 public:
  explicit Unread(std::uint64_t octets) : octets_(octets) {}
  std::uint64_t size() const override { return octets_; }
  Task<Result<std::size_t>> read(std::uint64_t, char*, std::size_t) override {
    was_read = true;
    co_return Error::transient("not here");
  }
  bool was_read = false;

 private:
  std::uint64_t octets_;
};

Task<void> note_error(Task<Result<std::unique_ptr<Converted>>> conversion, std::optional<Error>& error) {
  const Result<std::unique_ptr<Converted>> result = co_await std::move(conversion);
  if (!result.ok()) error = result.error();
}

Error error_of(Task<Result<std::unique_ptr<Converted>>> conversion) {
  asio::io_context io(1);
  std::optional<Error> error;
  asio::co_spawn(io.get_executor(), note_error(std::move(conversion), error), asio::detached);
  io.run();
  return error.value();
}

}  // namespace

TEST_CASE("conversion: content over the bound is not even read, and that is final") {
  Unread large(kMaxConverted + 1);
  CHECK_FALSE(error_of(shorten_lines(large)).is_transient());
  CHECK(error_of(downgrade(large)).message == "the message has 67108865 octets, and at most 67108864 can be converted for transport");
  CHECK_FALSE(large.was_read);
}

TEST_CASE("conversion: content that cannot be read is no verdict on the message") {
  Unread small(10);
  CHECK(error_of(shorten_lines(small)).is_transient());
  CHECK(small.was_read);
}
