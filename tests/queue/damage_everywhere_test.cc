// Damages one octet after the other in every file of a spool: no other mail is affected, and no wrong mail appears.
#include <catch2/catch.hpp>
#include <random>

#include "tests/queue/damaged_spool.h"

namespace mxpress::queue {
namespace {

class Damaged {
 public:
  explicit Damaged(const WholeSpool& whole) : whole_(whole) {}

  // Checks the spool with this content of one file, damaged from `begin` to `end`.
  void check(const std::string& path, std::string bytes, std::uint64_t begin, std::uint64_t end) {
    SpoolFixture f;
    // A file without its end looks as if the end had never been written, which happens when power fails.
    const bool is_end_gone = bytes.substr(0, begin).find_last_not_of('\0') == bytes.find_last_not_of('\0');
    fill(f.disk, whole_.files);
    f.disk.replace(path, std::move(bytes));
    const auto touched = whole_.touched(path, begin, end);
    if (const auto opened = f.open(); !opened) return fail(opened.error().message);
    std::set<std::string> found;
    for (const auto id : f.spool->ids(true)) {
      const auto message = f.spool->load(id);
      if (!message) return fail(id.to_string() + " cannot be read: " + message.error().message);
      found.insert(id.to_string());
      check_message(id.to_string(), *message, touched.contains(id.to_string()));
    }
    for (const auto& [id, told] : whole_.messages)
      if (!found.contains(id) && !touched.contains(id)) fail(id + " is gone");
    if (!is_end_gone && lost(found) && f.reports.empty()) fail("nothing was said");
    const auto highest = std::max_element(whole_.messages.begin(), whole_.messages.end())->first;
    if (f.spool->next_id().to_string() <= highest) fail("an id is given a second time");
  }

  std::set<std::string> failures;  // equal ones once

 private:
  void check_message(const std::string& id, const Message& message, bool may_differ) {
    const auto known = whole_.messages.find(id);
    if (known == whole_.messages.end()) return fail(id + " never was a message");
    if (!may_differ && describe(message) != known->second) fail(id + " is not as it was");
    if (!message.content || !message.content->verify()) return;
    const auto content = whole_.contents.find(id);
    if (content != whole_.contents.end() && read_all(*message.content) != content->second) fail(id + " would go out with wrong content");
  }

  bool lost(const std::set<std::string>& found) const {
    return std::any_of(whole_.messages.begin(), whole_.messages.end(), [&](const auto& message) { return !found.contains(message.first); });
  }

  void fail(const std::string& what) { failures.insert(what); }

  const WholeSpool& whole_;
};

void expect_none(const Damaged& damaged, const std::string& where) {
  std::string said = where + ":\n";
  for (const auto& failure : damaged.failures) said += failure + "\n";
  INFO(said);
  CHECK(damaged.failures.empty());
}

// Refused at once; nothing prevents its repair.
bool is_format(const std::string& path) { return path.ends_with("/format"); }

std::size_t end_of_data(const std::string& bytes) { return std::min(bytes.size(), bytes.find_last_not_of('\0') + 1); }

TEST_CASE("damage everywhere: the spool that is damaged here has every kind of file") {
  const WholeSpool whole;
  CHECK(std::count_if(whole.files.begin(), whole.files.end(), [](const auto& file) { return is_segment(file.first); }) >= 4);
  CHECK(std::count_if(whole.files.begin(), whole.files.end(), [](const auto& file) { return is_message_file(file.first); }) >= 5);
  CHECK(whole.messages.size() >= 11);
  CHECK(whole.contents.size() >= 10);
}

TEST_CASE("damage everywhere: one flipped bit harms at most the message whose record it hits") {
  const WholeSpool whole;
  std::mt19937 random(1);
  for (const auto& [path, good] : whole.files) {
    if (is_format(path)) continue;
    Damaged damaged(whole);
    for (const auto at : places(good, damage_stride())) {
      auto bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      damaged.check(path, std::move(bytes), at, at + 1);
    }
    expect_none(damaged, path);
  }
}

TEST_CASE("damage everywhere: each bit of a header, flipped, harms at most the message behind it") {
  const WholeSpool whole;
  for (const auto& [path, good] : whole.files) {
    if (is_format(path)) continue;
    Damaged damaged(whole);
    for (std::size_t bit = 0; bit < std::min(good.size(), kRecordHeader) * 8; bit += damage_stride()) {
      auto bytes = good;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      damaged.check(path, std::move(bytes), bit / 8, bit / 8 + 1);
    }
    expect_none(damaged, path);
  }
}

TEST_CASE("damage everywhere: a file cut anywhere keeps what lies before, and all other files theirs") {
  const WholeSpool whole;
  for (const auto& [path, good] : whole.files) {
    if (is_format(path)) continue;
    Damaged damaged(whole);
    for (const auto size : places(good, damage_stride())) damaged.check(path, good.substr(0, size), size, good.size());
    expect_none(damaged, path);
  }
}

TEST_CASE("damage everywhere: sectors of zeros and of rubbish harm only the messages that lay there") {
  const WholeSpool whole;
  std::mt19937 random(2);
  for (const auto& [path, good] : whole.files) {
    if (is_format(path)) continue;
    Damaged damaged(whole);
    for (std::size_t at = 0; at < end_of_data(good); at += 512) {
      const auto size = std::min<std::size_t>(512, good.size() - at);
      damaged.check(path, std::string(good).replace(at, size, size, '\0'), at, at + size);
      std::string rubbish(size, '\0');
      for (auto& octet : rubbish) octet = static_cast<char>(random());
      damaged.check(path, std::string(good).replace(at, size, rubbish), at, at + size);
    }
    expect_none(damaged, path);
  }
}

TEST_CASE("damage everywhere: no cut or flipped bit of the file `format` is taken for another spool, and nothing is written then") {
  const WholeSpool whole;
  const auto good = whole.files.at("/spool/format");
  for (std::size_t at = 0; at < good.size() * 9; ++at) {
    SpoolFixture f;
    fill(f.disk, whole.files);
    auto bytes = good;
    if (at < good.size() * 8)
      bytes[at / 8] = static_cast<char>(bytes[at / 8] ^ (1 << at % 8));
    else
      bytes.resize(at - good.size() * 8);
    f.disk.replace("/spool/format", bytes);
    const auto before = f.disk.operations();
    const auto opened = f.open();
    REQUIRE_FALSE(opened);
    CHECK_THAT(opened.error().message, Catch::Contains("/spool"));
    CHECK(f.disk.operations() == before);
  }
}

}  // namespace
}  // namespace mxpress::queue
