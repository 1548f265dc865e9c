// One message while it arrives: header first, then content into memory or, if it is large, into a message file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mta/intake/expanded_recipients.h"
#include "mta/intake/submit.h"
#include "proto/clean_header.h"
#include "proto/mail_data.h"

namespace mxpress::queue {
class LargeContent;
struct NewMessage;
}  // namespace mxpress::queue

namespace mxpress::mta::intake {

class Incoming final : public smtp::IncomingMessage {
 public:
  Incoming(Context& context, const Entrance& entrance, std::shared_ptr<const Config> config, proto::Envelope&& envelope,
           ExpandedRecipients&& expanded, TransactionRoom&& room);
  ~Incoming() override;

  smtp::Refusal append(std::string_view content) override;
  Task<smtp::ServerReply> finish() override;

 public:
  // The message is accepted regardless of its content, and returned to its sender for this reason. Only for a drop file.
  void return_because(smtp::ServerReply why) { (void)object(std::move(why)); }

 private:
  bool make_room(std::string& text, std::size_t size);
  void give_back_room_of(const std::string& text);
  smtp::Refusal judge_header(std::string_view text);
  smtp::Refusal end_header(std::string_view text);
  smtp::Refusal end_held_header();
  struct Cleaning;
  smtp::Refusal begin_cleaning(std::string held);
  smtp::Refusal go_on_cleaning(std::string_view content);
  smtp::Refusal end_cleaning();
  smtp::Refusal end_content();
  smtp::Refusal object(smtp::ServerReply reply);
  bool is_completed() const { return entrance_.completion == Completion::complete; }
  bool is_dropped() const { return !entrance_.drop_name.empty(); }
  void refuse(const smtp::ServerReply& why);
  smtp::Refusal complete(proto::HeaderFacts facts, std::size_t behind_received, std::string& whole);
  smtp::Refusal judge_sender(std::string_view header);
  void readdress(std::size_t behind_received, std::string& whole);
  smtp::Refusal keep_header(std::string& whole, std::string_view rest);
  std::string received() const;
  proto::HeaderDefaults defaults() const;
  void rename_sender();
  smtp::Refusal keep_body(std::string_view content);
  smtp::Refusal keep(std::string_view content);
  smtp::Refusal make_large();
  queue::NewMessage take_message();
  std::uint64_t octets_of_line() const;

  Context& context_;
  const Entrance entrance_;
  const std::shared_ptr<const Config> config_;
  const queue::QueueId id_;
  const proto::Domain own_;
  const proto::HeaderCompletion completion_;
  proto::Envelope envelope_;
  ExpandedRecipients expanded_;  // until the header is complete
  int zone_minutes_ = 0;
  bool in_header_ = true;
  proto::HeaderScanner scanner_{proto::MboxLines::are_dropped};
  TransactionRoom room_;
  std::string header_;                  // if it does not come in one piece: held back until it is complete
  bool ended_well_ = true;              // an empty line ended the header
  std::unique_ptr<Cleaning> cleaning_;  // while it is in progress
  proto::BlindCopyFilter blind_copies_;
  std::string content_;  // up to queue::kInlineContent octets, while there is room...
  std::unique_ptr<queue::LargeContent> large_;
  proto::ContentInspector inspector_;           // of the stored content
  std::string message_id_;                      // of the header
  std::string added_id_;                        // the Message-ID that a header without one got
  std::uint64_t received_ = 0;                  // octets, without our additions
  std::optional<smtp::ServerReply> objection_;  // to a message that sendmail has reported as accepted: it is taken in, and returned
};

}  // namespace mxpress::mta::intake
