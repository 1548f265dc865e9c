// Finds the recipients of a ~/.forward, through aliases and the ~/.forward of other users. Reads no file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "proto/alias_target.h"
#include "proto/mailbox.h"
#include "proto/text_hash.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {

inline constexpr std::size_t kMostForwardTargets = 1000;  // of a file, and in all

struct ForwardTargets {
  struct Target {
    proto::Mailbox mailbox;
    bool is_final = false;  // of a user of this host: his own mailbox, ignoring his ~/.forward
  };
  std::vector<Target> targets;        // each once
  std::vector<std::string> left_out;  // invalid targets, each a sentence: at most 10. The owner of the file gets the mail himself
  std::string deferred;               // a target is unknown at the moment: mail waits; empty: all are known
  bool is_too_many = false;
};

// No message is lost: if a file leads back to a user whose file is being followed, that user's own mailbox gets the mail, as it does if a
// file has an invalid target. Limits: 100 files, 50 nested ones, and the work at aliases.
class ForwardWalk {
 public:
  // `text`: the ~/.forward of the user of `mailbox`. `config` must outlive it.
  ForwardWalk(const Config& config, const proto::Mailbox& mailbox, std::string_view text);

  // The user whose file is needed next, as from user_of(); answer by one of the next four. Nullopt: the walk has ended.
  std::optional<std::string> next();
  void has_file(std::string_view text);
  // `remark`: why an existing file is not followed; or empty.
  void has_no_file(std::string remark);
  void is_unknown();
  // His mail gets a try of its own, later, as does that of all users whose files are not known yet.
  void cannot_tell();

  ForwardTargets take() { return std::move(found_); }

 private:
  using Step = std::variant<proto::AliasTarget, proto::Mailbox>;
  // The targets of a file, or of an alias in it.
  struct Frame {
    std::string user;        // the owner of the file
    proto::Mailbox mailbox;  // the address by which the mail came to him
    bool is_file = true;
    std::vector<Step> steps{};
    std::size_t next = 0;
  };
  struct Asked {
    std::string user;
    proto::Mailbox mailbox;
  };

  void open(Asked whose, std::string_view text);
  void follow(const proto::AliasTarget& target);
  void follow_name(const proto::AliasTarget& target);
  void follow_alias(const proto::Mailbox& mailbox);
  void follow(const proto::Mailbox& mailbox);
  void add(const proto::Mailbox& mailbox, bool is_final);
  void add_own() { add(open_.back().mailbox, true); }
  void leave_out(std::string why);
  std::string place_of(const proto::AliasTarget& target) const;
  bool is_open(const std::string& user) const;
  bool is_over() const { return open_.empty() || found_.is_too_many || !found_.deferred.empty(); }

  const Config& config_;
  ForwardTargets found_;
  std::vector<Frame> open_;
  std::optional<Asked> asked_;
  std::size_t files_ = 0;
  std::uint64_t steps_ = 0;
  bool may_ask_ = true;
  std::unordered_set<std::string, proto::TextHash> known_, added_;  // users that were asked for; results
};

}  // namespace mxpress::mta::routing
