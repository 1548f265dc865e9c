// Finds messages by id, address, Message-ID or owner, and explains them.
#include "mta/control/why_answer.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mta/config/config.h"
#include "mta/control/backend.h"
#include "mta/control/dialogue_answer.h"
#include "mta/control/ending.h"
#include "mta/control/story.h"
#include "mta/control/visible_messages.h"
#include "mta/history/search.h"
#include "proto/control.pb.h"
#include "proto/printable.h"
#include "queue/message.h"

namespace mxpress::mta::control {
namespace {

using history::Key;

constexpr std::size_t kMostFound = 21;                       // messages told for an address
constexpr std::size_t kRecipients = 10'000, kOfBrief = 200;  // remembered of the latest message, and of each other
constexpr std::size_t kMostRecords = 1000, kLatestOfSegment = 64;

class WhyAnswer {
 public:
  WhyAnswer(const WhyParts& parts, ControlOutlet& outlet) : parts_(parts), outlet_(outlet), history_(parts.backend.history()) {}

  void to(const control_pb::Request_Why& why) {
    std::string what = why.what();
    if (what.size() > 2 && what.front() == '<' && what.back() == '>') what = what.substr(1, what.size() - 2);
    const auto id = proto::QueueId::parse(what);
    if (!why.last() && !id && what.find('@') == std::string::npos)
      return send_end(outlet_, control_pb::End::MALFORMED,
                      proto::printable(what, 100) + " is no queue id, address or Message-ID: mxpress why ID|ADDRESS|MESSAGE-ID, or --last");
    if (why.last())
      find({{Key::Kind::mail_of_owner, {}, std::int64_t{parts_.peer.uid}}}, 1);
    else if (id)
      find(*id);
    else
      find({{Key::Kind::address, what, owner()}, {Key::Kind::message_id, what, owner()}}, kMostFound);
    if (failure_) return send_end(outlet_, control_pb::End::FAILED, failure_->message);
    if (!is_over_) tell(why.last() ? "mail of this user" : what, what);
  }

 private:
  std::int64_t owner() const { return parts_.peer.may_do_everything ? history::kAnybody : std::int64_t{parts_.peer.uid}; }

  void search(const history::Query& query, const std::function<bool(const history::Hit&)>& use) {
    if (!history_ || is_over_) return;
    const Status searched = history_->run(query, use, [this](std::uint64_t units) {
      outlet_.charge(units);
      is_over_ = !parts_.visible.may_go_on();
      return !is_over_;
    });
    if (!searched) failure_ = searched.error();
  }

  void find(std::vector<Key> keys, std::size_t most) {
    search({std::move(keys), 0, kLatestOfSegment}, [&](const history::Hit& hit) {
      if (std::find(found_.begin(), found_.end(), hit.record.message) == found_.end()) found_.push_back(hit.record.message);
      from_segment_ = hit.segment;
      return found_.size() < most;
    });
  }

  // An operator gets any message; a user must have handed it in.
  void find(proto::QueueId id) {
    from_segment_ = 0;
    if (parts_.peer.may_do_everything || parts_.visible.may_see(id)) return found_.push_back(id);
    search({{Key::of(id, owner())}, 0, 1}, [&](const history::Hit&) { return found_.push_back(id), false; });
  }

  void tell(const std::string& shown, const std::string& wanted) {
    std::vector<Story> stories;
    history::Query query{{}, from_segment_, kMostRecords};
    for (const proto::QueueId id : found_) {
      stories.emplace_back(id, wanted, stories.empty() ? kRecipients : kOfBrief);
      query.keys.push_back(Key::of(id));
    }
    std::vector<std::size_t> records(stories.size());
    const auto take = [&](const history::Hit& hit) {
      if (records[hit.key]++ < kMostRecords) stories[hit.key].take(hit.record);
      return true;
    };
    if (!stories.empty()) search(query, take);
    if (failure_) return send_end(outlet_, control_pb::End::FAILED, failure_->message);
    if (is_over_) return;
    std::uint64_t told = 0;
    for (Story& story : stories)
      if (!tell(story, told)) return;
    told == 0 ? send_unknown(shown) : send_end(outlet_, control_pb::End::OK, "", told);
  }

  // False: nobody reads any more.
  bool tell(Story& story, std::uint64_t& told) {
    if (!parts_.visible.may_go_on()) return false;
    if (parts_.visible.may_see(story.fate().id))
      if (const auto message = parts_.visible.load(story.fate().id)) story.take(*message, parts_.now);
    if (!story.is_known()) return true;
    control_pb::Response response;
    control_pb::WhyInfo& info = *response.mutable_why();
    explain_fate(info, story.fate(), parts_.backend.config()->replies.get());
    if (told++ == 0) {
      story.add_lines(info);
      info.set_has_dialogue(has_dialogue(story.fate().id, parts_.peer, parts_.backend, outlet_));
    } else {
      make_brief(info);
    }
    outlet_.charge(1);
    return outlet_.send(response);
  }

  static void make_brief(control_pb::WhyInfo& info) {
    info.set_brief(true);
    for (auto* text : {info.mutable_cause(), info.mutable_evidence(), info.mutable_who(), info.mutable_todo(), info.mutable_paste()})
      text->clear();
  }

  // The same words for mail of others and for none.
  void send_unknown(const std::string& what) {
    std::string text = "nothing is known of " + proto::printable(what, 100) + (parts_.peer.may_do_everything ? "" : ", or it is not yours");
    const auto begin = history_ ? history_->begin() : Result<std::optional<WallTime>>(std::optional<WallTime>());
    if (begin && *begin)
      text += "; the history reaches back to " + proto::rfc5322_date(**begin);
    else
      text += "; there is no history yet ([history] keep)";
    send_end(outlet_, control_pb::End::UNKNOWN, text);
  }

  const WhyParts& parts_;
  ControlOutlet& outlet_;
  const history::Search* const history_;
  std::vector<proto::QueueId> found_;  // the latest first
  std::uint64_t from_segment_ = 0;     // that has the record of the oldest of them
  bool is_over_ = false;               // nobody reads any more
  std::optional<Error> failure_;
};

}  // namespace

void answer_why(const control_pb::Request_Why& why, const WhyParts& parts, ControlOutlet& outlet) { WhyAnswer(parts, outlet).to(why); }

}  // namespace mxpress::mta::control
