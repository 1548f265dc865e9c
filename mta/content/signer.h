// The interface of signers for the pipeline.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mta/content/data_source.h"
#include "proto/envelope.h"

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::content {

struct Signature {
  std::string fields;  // header fields with CRLF, to be put in front of the content
  std::string domain;  // that signed
};

// A message after its header was read; the header is no longer needed.
class Signing {
 public:
  virtual ~Signing() = default;
  // Reads the content, from its beginning to its end, once or more; it must have an empty line after its header. An Error is transient:
  // nothing is sent unsigned because it could not be signed. Used once.
  virtual Task<Result<Signature>> sign(DataSource& content, std::uint64_t body_begin, fairness::FileTurns* threads) = 0;
};

// Signs the content for a host by any scheme: the content alone (DKIM), or also the envelope. Any thread.
class Signer {
 public:
  virtual ~Signer() = default;
  // `header`: its fields. Null: this message is not signed. The signer and the envelope must outlive it.
  virtual Task<std::unique_ptr<Signing>> begin(std::string_view header, const proto::Envelope& envelope) = 0;
  // The maximum of Signature::fields.
  virtual std::size_t most_octets() const = 0;
};

}  // namespace mxpress::mta::content
