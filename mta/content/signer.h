// Who signs content, as the pipeline knows it.
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

// A message whose header has been seen, and is no longer needed.
class Signing {
 public:
  virtual ~Signing() = default;
  // Reads the content, from its beginning to its end once or more; it has an empty line behind its header. An Error is transient: nothing
  // is sent unsigned because it could not be signed. Used once.
  virtual Task<Result<Signature>> sign(DataSource& content, std::uint64_t body_begin, fairness::FileTurns* threads) = 0;
};

// Signs what a host gets, whatever scheme it is by: of the content alone (DKIM), or of the envelope, too. Any thread.
class Signer {
 public:
  virtual ~Signer() = default;
  // With the fields of a header. Null: this message is not signed. The signer and the envelope outlive it.
  virtual Task<std::unique_ptr<Signing>> begin(std::string_view header, const proto::Envelope& envelope) = 0;
  // Of Signature::fields, at most.
  virtual std::size_t most_octets() const = 0;
};

}  // namespace mxpress::mta::content
