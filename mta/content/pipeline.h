// From the stored content of a message to the octets for a mail host. The stages, in this order, each only if it is needed:
//
//   stored content (complete since intake: header fields, line ends)
//   > another author, if a route requires one                     mta/content/replaced_author.h
//   > short lines: no line over 998 octets                      RFC 5321 4.5.3.1.6
//   > seven bits, for a host without 8BITMIME                    RFC 6152 3
//   > the signature, if there is a signer                          mta/content/signed_content.h
//   > the wire
//
// All stages that change octets come before the signature. DSNs are stored messages, and take the same stages.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dns/async.h"
#include "proto/envelope.h"
#include "proto/outcome.h"

namespace mxpress::proto {
enum class MimeGoal;
}

namespace mxpress::mta::fairness {
class FileTurns;
class OneAtATime;
}  // namespace mxpress::mta::fairness

namespace mxpress::mta::content {

class ConversionRoom;
class Converted;
class DataSource;
class ReplacedAuthor;
class SignedContent;
class Signer;

// The turns that signing waits for. All must outlive it.
struct SigningTurns {
  fairness::OneAtATime* headers = nullptr;  // for headers that are read, or brought into plain form; null: at once
  fairness::FileTurns* threads = nullptr;   // for computing signatures; null: at once
};

// The requirements of a mail host.
struct HostNeeds {
  bool eight_bit_mime = false;
  std::string_view host;  // its share of the room for conversions is used; must outlive the call
};

// The reason why a message cannot be sent to a host.
struct Refusal {
  proto::Outcome outcome = proto::Outcome::deferred;  // or failed
  proto::EnhancedStatus status;
  std::string text;
};

struct Prepared {
  DataSource* data = nullptr;  // of the pipeline, or of the message
  proto::BodyType body = proto::BodyType::seven_bit;
  // A header line of over 998 octets had no space to fold it at, and is sent in pieces. Its value has additional blanks.
  bool breaks_header = false;
  std::optional<Refusal> refusal{};          // then there is no data
  const SignedContent* signature = nullptr;  // the source of this data; null before sign()
};

// For one message, for the duration of an attempt: the result of a stage serves all transactions and hosts, and is charged to the share of
// the current host in the room for conversions. Thread: of one delivery.
class Pipeline {
 public:
  // All arguments must outlive it. Without a room: ConversionRoom::common(). Without a signer nothing is signed.
  Pipeline(DataSource& stored, const proto::Envelope& envelope, Signer* signer = nullptr, SigningTurns turns = {});
  Pipeline(DataSource& stored, const proto::Envelope& envelope, ConversionRoom& room, Signer* signer = nullptr, SigningTurns turns = {});
  // Sets the author in From. Call it before the first prepare(); `author` must outlive the pipeline.
  void replace_author(const proto::Mailbox& author) { author_ = &author; }
  ~Pipeline();

  // The stored content, if this host can get it unchanged (except for signatures) and the author stays.
  std::optional<Prepared> as_stored(const HostNeeds& needs) const;
  // Everything except signatures, before MAIL: then size, body type and whether it can be sent are known. The result is valid as long as
  // the pipeline; one reader at a time.
  Task<Prepared> prepare(HostNeeds needs);
  // Adds the signatures, once the host waits for the content: all of it is read for them. `content`: from prepare() or as_stored().
  Task<Prepared> sign(Prepared content, std::string_view host);
  bool signs() const { return signer_ != nullptr; }
  // The maximum octets that sign() adds to a header in plain form.
  std::size_t most_of_signatures() const;
  // While another host is searched and connected to, no share of the previous one is used.
  void leave_host();

 private:
  bool needs_seven_bit(const Prepared& content, const HostNeeds& needs) const;
  Task<Prepared> with_author(Prepared content, std::string_view host);
  Task<Prepared> run(proto::MimeGoal goal, Prepared content, std::unique_ptr<Converted>& stage, std::string_view host);

  DataSource& stored_;
  const proto::Envelope& envelope_;
  ConversionRoom& room_;
  Signer* const signer_;
  const SigningTurns turns_;
  const proto::Mailbox* author_ = nullptr;           // null: unchanged
  std::unique_ptr<ReplacedAuthor> with_author_;      // from stored_
  std::unique_ptr<Converted> short_lines_;           // from stored_
  std::unique_ptr<Converted> seven_bit_;             // from short_lines_, or from stored_
  std::unique_ptr<SignedContent> signed_seven_bit_;  // from seven_bit_
  std::unique_ptr<SignedContent> signed_;            // from short_lines_, or from stored_
};

}  // namespace mxpress::mta::content
