// From the stored content of a message to the octets that a mail host gets. The stages, in this order, each only where it is needed:
//
//   stored content (complete since intake: header fields, line ends)
//   > another author, where a route demands one                  mta/content/replaced_author.h
//   > short lines: no line over 998 octets                      RFC 5321 4.5.3.1.6
//   > seven bits, for a host without 8BITMIME                    RFC 6152 3
//   > the signature, where somebody signs                        mta/content/signed_content.h
//   > the wire
//
// Whatever changes octets is a stage in front of the signature. DSNs are stored messages, and take the same way.
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

// What signing waits for its turn at. All outlive it.
struct SigningTurns {
  fairness::OneAtATime* headers = nullptr;  // that are read, or brought into plain form; null: at once
  fairness::FileTurns* threads = nullptr;   // that compute signatures; null: at once
};

// What a mail host takes.
struct HostNeeds {
  bool eight_bit_mime = false;
  std::string_view host;  // whose share of the room for conversions is used; outlives the call
};

// Why a message cannot be sent to a host.
struct Refusal {
  proto::Outcome outcome = proto::Outcome::deferred;  // or failed
  proto::EnhancedStatus status;
  std::string text;
};

struct Prepared {
  DataSource* data = nullptr;  // of the pipeline, or of the message
  proto::BodyType body = proto::BodyType::seven_bit;
  // A header line of over 998 octets had no space to fold it at, and is sent in pieces. Its value has blanks that were not there.
  bool breaks_header = false;
  std::optional<Refusal> refusal{};          // then there is no data
  const SignedContent* signature = nullptr;  // whose data this is; null before sign()
};

// For one message, as long as an attempt lasts: what a stage has made serves all transactions and hosts, and uses the share of the room for
// conversions that the host has which is asked at the time. Thread: of one delivery.
class Pipeline {
 public:
  // All outlive it. Without a room: ConversionRoom::common(). Without a signer nothing is signed.
  Pipeline(DataSource& stored, const proto::Envelope& envelope, Signer* signer = nullptr, SigningTurns turns = {});
  Pipeline(DataSource& stored, const proto::Envelope& envelope, ConversionRoom& room, Signer* signer = nullptr, SigningTurns turns = {});
  // The author in From from now on. Before the first prepare(); outlives it.
  void replace_author(const proto::Mailbox& author) { author_ = &author; }
  ~Pipeline();

  // The stored content, if this host can get it as it is, but for signatures, and the author stays.
  std::optional<Prepared> as_stored(const HostNeeds& needs) const;
  // All but signatures, before MAIL: size, body type and whether it can be sent at all are known then. What it makes is valid as long as
  // the pipeline; one reader at a time.
  Task<Prepared> prepare(HostNeeds needs);
  // The signatures, once the host waits for the content: all of it is read for them. `content`: of prepare() or as_stored().
  Task<Prepared> sign(Prepared content, std::string_view host);
  bool signs() const { return signer_ != nullptr; }
  // Octets that sign() adds to a header in plain form, at most.
  std::size_t most_of_signatures() const;
  // While another host is looked for, and is connected to, no share of the one before is used.
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
  const proto::Mailbox* author_ = nullptr;           // null: it stays
  std::unique_ptr<ReplacedAuthor> with_author_;      // made of stored_
  std::unique_ptr<Converted> short_lines_;           // made of stored_
  std::unique_ptr<Converted> seven_bit_;             // made of short_lines_, or of stored_
  std::unique_ptr<SignedContent> signed_seven_bit_;  // made of seven_bit_
  std::unique_ptr<SignedContent> signed_;            // made of short_lines_, or of stored_
};

}  // namespace mxpress::mta::content
