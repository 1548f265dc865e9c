// A spool with every kind of content, and a record of it: to be damaged in one place after the other.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "queue/message_file.h"
#include "queue/segment_scan.h"
#include "tests/queue/spool_dump.h"
#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {

// The distance between damaged octets. MXPRESS_DAMAGE_STRIDE=1: every octet, which takes minutes.
inline std::size_t damage_stride() {
  if (const char* const wanted = std::getenv("MXPRESS_DAMAGE_STRIDE")) return std::max<std::size_t>(1, std::strtoul(wanted, nullptr, 10));
#if !defined(__OPTIMIZE__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return 83;
#else
  return 3;
#endif
}

using Files = std::map<std::string, std::string>;

inline Files files_of(const test::ForgetfulDisk& disk) {
  Files out;
  for (const auto& path : disk.files()) out[path] = disk.content(path);
  return out;
}

inline void fill(test::ForgetfulDisk& disk, const Files& files) {
  for (const auto& [path, bytes] : files) {
    for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
      (void)disk.make_folder(path.substr(0, slash));
    disk.replace(path, bytes);
  }
}

// Octets of a file to be damaged: those of records, and some of the zeros between them.
inline std::vector<std::size_t> places(const std::string& bytes, std::size_t stride) {
  std::vector<std::size_t> out;
  const auto end = std::min(bytes.size(), bytes.find_last_not_of('\0') + 1);
  for (std::size_t at = 0; at < end; at += stride) {
    const bool is_padding = bytes.compare(at, 16, std::string(16, '\0')) == 0;
    if (!is_padding || at % 101 < stride) out.push_back(at);
  }
  return out;
}

inline bool is_segment(const std::string& path) { return path.find("/journal/") != std::string::npos; }
inline bool is_message_file(const std::string& path) { return path.find("/messages/") != std::string::npos; }
inline std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Three runs: messages in files with states behind them, a large one, held, ended and failed ones with their notices, segments of two runs.
class WholeSpool {
 public:
  WholeSpool() {
    SpoolFixture f;
    f.options.segment_size = 16 * 1024;
    REQUIRE(f.open());
    first_run(f);
    f.options.journal_size = 1;
    REQUIRE(f.open());
    REQUIRE(f.store(letter('n')));
    f.spool->checkpoint();
    f.options.journal_size = 1 << 20;
    last_run(f);
    f.spool.reset();
    files = files_of(f.disk);
    look();
  }

  Files files;
  std::map<std::string, std::string> messages;  // id: everything known about it
  std::map<std::string, std::string> contents;  // id: content of waiting ones

  // The messages with a record in these octets of a file: only they may be affected.
  std::set<std::string> touched(const std::string& path, std::uint64_t begin, std::uint64_t end) const {
    if (is_message_file(path)) return {name_of(path)};
    std::set<std::string> out;
    if (!is_segment(path)) return out;
    const auto& bytes = files.at(path);
    for (const auto& record : scan_segment(bytes).records) {
      if (record.offset >= end || record.offset + record.size() <= begin) continue;
      out.insert(QueueId{record.id}.to_string());
      if (record.type != RecordType::accepted) continue;
      const auto meta = decode_accepted(std::string_view(bytes).substr(record.meta_offset(), record.meta_size));
      for (const auto& notice : meta->notice_for) out.insert(notice.message.to_string());
    }
    return out;
  }

 private:
  static NewMessage letter(char c) { return new_message({"b@example.org", "c@example.net"}, "Subject: " + std::string(150, c) + "\r\n"); }

  static NewMessage large(SpoolFixture& f, char c) {
    auto message = letter(c);
    message.large = std::move(f.spool->open_large()).value();
    REQUIRE(message.large->append(std::string(600, c)));
    message.content.clear();
    return message;
  }

  static void first_run(SpoolFixture& f) {
    for (const char c : {'a', 'b', 'c', 'd'}) ids_.push_back(*f.store(letter(c)));
    ids_.push_back(*f.store(large(f, 'l')));
    f.spool->settle(settlement(ids_[0], 0, RecipientStage::pending, "451 first"), nullptr);
    f.spool->settle(settlement(ids_[1], 0, RecipientStage::delivered), nullptr);
    f.spool->act(ActionKind::hold, {ids_[2]}, nullptr);
    f.commit();
  }

  static void last_run(SpoolFixture& f) {
    REQUIRE(f.open());
    f.spool->settle(settlement(ids_[0], 1, RecipientStage::pending, "452 second"), nullptr);
    f.spool->settle(settlement(ids_[3], 0, RecipientStage::delivered), nullptr);
    f.commit();
    const auto failed = *f.store(letter('f'));
    f.spool->settle(settlement(failed, 0, RecipientStage::notice_pending, "550 no"), nullptr);
    f.spool->settle(settlement(failed, 1, RecipientStage::delivered), nullptr);
    f.commit();
    auto notice = letter('n');
    notice.notice_for.push_back({failed, {0}, NewMessage::NoticeFor::Kind::failure});
    REQUIRE(f.store(std::move(notice)));
    REQUIRE(f.open());
    for (const char c : {'x', 'y', 'z'}) REQUIRE(f.store(letter(c)));
    f.spool->record_site({"mx.example.org 25", 2, {}, std::nullopt});
    f.commit();
    REQUIRE(f.store(large(f, 'k')));
    REQUIRE(f.store(letter('q')));
  }

  void look() {
    ids_.clear();
    SpoolFixture f;
    fill(f.disk, files);
    REQUIRE(f.open());
    REQUIRE(f.spool->counters().corrupt == 0);
    for (const auto id : f.spool->ids(true)) messages[id.to_string()] = describe(*f.spool->load(id));
    for (const auto& message : f.found) contents[message.id.to_string()] = read_all(*message.content);
  }

  static inline std::vector<QueueId> ids_;  // of the current run
};

}  // namespace mxpress::queue
